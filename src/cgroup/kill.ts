import { setTimeout as delay } from 'node:timers/promises';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoNumber } from '../util/errno.js';
import { readEvent } from './events.js';
import { codeOf } from './files.js';
import { checkIdentity, checkTarget, listTargets, type Target } from './guard.js';
import { killTree, type Rung } from './kill-tree.js';
import { listProcesses } from './processes.js';
import { clearTree, removeTree } from './remove.js';
import { tryRmdir } from './rmdir.js';
import type { CgroupRef } from './types.js';
import { unthrottle } from './unthrottle.js';
import { now } from '../util/now.js';

/** How a container is killed. */
export interface KillOptions {
  /** Do nothing, and say what would die. */
  readonly dryRun?: boolean;
  /**
   * After this long, an error says what is left.
   *
   * @defaultValue 30,000
   */
  readonly timeoutMs?: number;
  /**
   * Called when the processes are dead and the directories still exist, perhaps more than once: the last chance to read what
   * they count.
   */
  readonly beforeRemove?: () => void;
  /** Nobody should be in it any more: its pid namespace has ended. Should somebody be all the same, it is killed. */
  readonly isEmpty?: boolean;
  /** Settled when the container's first process has ended: then the others are probably dead, too. */
  readonly mainEnd?: Promise<unknown>;
  /**
   * Removes the cgroups below a directory, as somebody who may: what a container inside has given to another of its users is
   * not the caller's to remove. Asked when the kernel says EACCES.
   */
  readonly removeForeign?: ((path: string) => Promise<void>) | undefined;
  /** Begin at this rung of the ladder, as a kernel would that has nothing better. */
  readonly rung?: Rung;
}

/** What a kill did. */
export interface KillReport {
  /** How many processes there were. Of a container that is forking, how many were seen. */
  readonly processes: number;
  /** Which ones would die; with `dryRun` only. */
  readonly pids?: readonly number[];
  /** From the call until the cgroups were gone. */
  readonly durationMs: number;
  /**
   * Which rung of the ladder did it. Without a cgroup, `pid-namespace`: that ended with its first process; `children`:
   * corral-init killed its descendants one by one. `none`: there was nothing left to kill.
   */
  readonly rung: Rung | 'pid-namespace' | 'children' | 'none';
  /** Nothing of the container can be alive: it has no cgroup any more. `false` only with `dryRun`. */
  readonly gone: boolean;
}

const TIMEOUT_MS = 30_000;
/** After `populated 0` the first attempt is nearly always enough; somebody may have put a process in meanwhile. */
const ATTEMPTS = 20;

/**
 * Kills every process of a container, whatever it did to get away, and removes its cgroups. It is done when they are
 * gone, in all hierarchies; a container that is gone already is no error.
 *
 * @throws CgroupRefusedError for directories that are not the recorded ones, not corral's, or that hold the caller
 * @throws CgroupError when a process survives SIGKILL, or a directory stays busy
 */
export async function killCgroup(ref: CgroupRef, options: KillOptions = {}): Promise<KillReport> {
  const startedAt = now();
  if (options.dryRun) return preview(ref, startedAt);
  // A failed rmdir costs more than a look at who is there; where nobody can be, the look costs more.
  // The root of a hierarchy says neither, and is refused below.
  const isPopulated = options.isEmpty !== true && ref.v2 !== undefined && readEvent(ref.v2.path, 'populated') !== 0;
  if (!isPopulated) {
    options.beforeRemove?.();
    if (removeCgroup(ref)) return report('none', 0, startedAt);
  }
  const top = findTop(ref);
  const processes = listProcesses(ref).length;
  unthrottle(ref);
  const deadline = startedAt + (options.timeoutMs ?? TIMEOUT_MS);
  const rung = await empty(top, deadline, options);
  options.beforeRemove?.();
  if (!removeCgroup(ref)) await removeAll(ref, deadline, options.removeForeign);
  return report(rung, processes, startedAt);
}

/**
 * Removes a container's cgroups where nothing lives in them any more: the way of a container that ended by itself, and
 * as few system calls as there can be.
 *
 * @returns `false` when something does, or when there are cgroups below its own: a case for {@link killCgroup}
 * @throws CgroupRefusedError for directories that are not the recorded ones
 */
export function removeCgroup(ref: CgroupRef): boolean {
  const targets = listTargets(ref);
  for (const target of targets) checkIdentity('remove', target);
  return targets.every(({ path, stays }) => {
    if (stays === true) return clearTree(path);
    if (path === ref.v2?.path && ref.v2.payload !== path && tryRmdir(ref.v2.payload) === 'busy') return false;
    return tryRmdir(path) !== 'busy';
  });
}

/** Returns the directory that holds all of a container, once all that will be removed have been checked. */
function findTop(ref: CgroupRef): Target | undefined {
  const targets = listTargets(ref);
  const top = selectTop(targets);
  let isThere = true;
  for (const target of targets) {
    // What was recorded when it was made is the right one. All the rest is asked of what is killed, and of what nobody recorded.
    if (target !== top && target.inode !== undefined) checkIdentity('remove', target);
    else if (!checkTarget('kill', target) && target === top) isThere = false;
  }
  // Where somebody else kills it as well, another directory may be left.
  return isThere ? top : findTop(ref);
}

function preview(ref: CgroupRef, startedAt: number): KillReport {
  const targets = listTargets(ref).filter((target) => checkTarget('kill', target));
  const pids = listProcesses(ref);
  return { ...report('none', pids.length, startedAt), pids, gone: targets.length === 0 };
}

function report(rung: KillReport['rung'], processes: number, startedAt: number): KillReport {
  return { processes, durationMs: now() - startedAt, rung, gone: true };
}

// v2 is listed first, and holds all of the container; without it, the freezer does.
function selectTop(targets: readonly Target[]): Target | undefined {
  return targets.find(({ controller }) => controller === '' || controller === 'freezer') ?? targets[0];
}

async function empty(
  top: Target | undefined,
  deadline: number,
  { rung, mainEnd }: KillOptions,
): Promise<KillReport['rung']> {
  if (top === undefined) return 'none';
  return killTree(top.path, { deadline, ...(rung !== undefined && { rung }), ...(mainEnd && { wake: mainEnd }) });
}

async function removeAll(ref: CgroupRef, deadline: number, removeForeign: KillOptions['removeForeign']): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const busy: Target[] = [];
    for (const target of listTargets(ref)) if (!(await removeTarget(target, removeForeign))) busy.push(target);
    const [first] = busy;
    if (first === undefined) return;
    if (attempt === ATTEMPTS) throw stayedBusy(first.path);
    // The kernel lets go of a dead process a moment after it has told of its death.
    await delay(attempt);
    for (const target of busy) {
      if (checkTarget('kill', target)) await killTree(target.path, { deadline });
    }
  }
}

async function removeTarget(target: Target, removeForeign: KillOptions['removeForeign']): Promise<boolean> {
  checkIdentity('remove', target);
  const remove = target.stays === true ? clearTree : removeTree;
  try {
    return remove(target.path);
  } catch (error) {
    if (removeForeign === undefined || codeOf(error) !== 'EACCES') throw error;
    await removeForeign(target.path);
    return remove(target.path);
  }
}

function stayedBusy(path: string): CgroupError {
  const failure = { action: `remove ${path}`, syscall: 'rmdir', errno: errnoNumber('EBUSY') ?? 16, cgroup: path };
  return new CgroupError(failure, { hint: 'somebody keeps moving processes into it, or makes cgroups below it' });
}
