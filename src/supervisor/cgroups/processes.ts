import { freezePath, isPathFrozen, thawPath } from '../../cgroup/freeze.js';
import { killTree, type Rung } from '../../cgroup/kill-tree.js';
import { signalPath } from '../../cgroup/signal.js';
import { CgroupError } from '../../errors/cgroup-error.js';
import { OptionError } from '../../errors/option-error.js';
import { errnoNumber } from '../../util/errno.js';
import { now } from '../../util/now.js';
import { parseSignal } from '../../util/signals.js';
import type { CgroupScope } from '../caller/scope.js';
import { checkMayChange } from './check.js';
import { Directory } from './directory.js';
import type { RelativePath } from './paths.js';
import { removeOpen } from './remove.js';
import { listHostPids } from './tasks.js';
import { inWords, inWordsAsync } from './words.js';

/** A process in an uninterruptible system call freezes only when that returns. */
const FREEZE_MS = 5_000;
const KILL_MS = 30_000;

/** What a signal has reached. */
export interface CgroupSignalReport {
  /** How many processes got it. */
  readonly processes: number;
  /** All that there were got it. `false`: those that were just being forked may have been missed. */
  readonly complete: boolean;
  /** The cgroup is frozen: signals that do not kill take effect when it goes on. */
  readonly frozen: boolean;
}

/** What a kill did. */
export interface CgroupKillReport {
  /** How many processes there were. */
  readonly processes: number;
  readonly durationMs: number;
  readonly rung: Rung;
  /** The cgroup was removed with them. */
  readonly removed: boolean;
}

/** Stops all processes of a cgroup and of those below it where they are. @throws RefusedError, CgroupError ETIMEDOUT */
export async function freezeCgroup(scope: CgroupScope, name: RelativePath): Promise<void> {
  using directory = openToChange(scope, name, 'freeze');
  const act = actOn(directory, 'freeze');
  await inWordsAsync(act, async () => {
    if (await freezePath(directory.path, FREEZE_MS)) return;
    thawPath(directory.path);
    throw new CgroupError(
      { action: act.action, syscall: 'poll', errno: errnoNumber('ETIMEDOUT') ?? 110, cgroup: act.cgroup },
      { hint: 'a process is in a system call that cannot be interrupted (state D in ps)' },
    );
  });
}

/** Lets them go on, unless a cgroup above is frozen. @throws RefusedError, CgroupError */
export function thawCgroup(scope: CgroupScope, name: RelativePath): void {
  using directory = openToChange(scope, name, 'thaw');
  inWords(actOn(directory, 'thaw'), () => {
    thawPath(directory.path);
  });
}

/**
 * Sends a signal to every process of a cgroup and of those below it, and to no other: they stand still meanwhile.
 *
 * @param signal - `TERM`, `SIGTERM` or 15
 * @throws OptionError, RefusedError, CgroupError
 */
export async function signalCgroup(
  scope: CgroupScope,
  name: RelativePath,
  signal: unknown,
): Promise<CgroupSignalReport> {
  const isWord = typeof signal === 'string' || typeof signal === 'number';
  const number = isWord ? parseSignal(String(signal)) : undefined;
  if (number === undefined) throw new OptionError('signal', signal, 'a signal such as TERM or 15');
  using directory = openToChange(scope, name, 'signal');
  const { processes, complete } = await inWordsAsync(actOn(directory, 'signal'), () =>
    signalPath(directory.path, number, directory.absolute()),
  );
  return { processes, complete, frozen: isPathFrozen(directory.path) };
}

/**
 * Kills every process of a cgroup and of those below it, whatever they do to get away.
 *
 * @param remove - the cgroups go with them. One that stays kills, on some kernels, what is cloned into it later: move processes
 *   into it instead
 * @throws RefusedError, CgroupError ETIMEDOUT for processes that survive
 */
export async function killCgroup(scope: CgroupScope, name: RelativePath, remove: boolean): Promise<CgroupKillReport> {
  const startedAt = now();
  using parent = Directory.open(scope, name.slice(0, -1));
  using directory = openToChange(scope, name, 'kill');
  const processes = listHostPids(directory.path, true).length;
  return await inWordsAsync(actOn(directory, 'kill'), async () => {
    const rung = await killTree(directory.path, { deadline: startedAt + KILL_MS });
    const removed = remove && removeOpen(parent, directory);
    return { processes, durationMs: now() - startedAt, rung, removed };
  });
}

function openToChange(scope: CgroupScope, name: RelativePath, action: string): Directory {
  const directory = Directory.open(scope, name);
  try {
    checkMayChange(scope, directory, action);
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

function actOn(directory: Directory, action: string): { readonly action: string; readonly cgroup: string } {
  return { action: `${action} cgroup ${directory.words}`, cgroup: directory.name.join('/') };
}
