import { readFileSync, readdirSync } from 'node:fs';
import type { KillReport } from '../cgroup/kill.js';
import { SyscallError } from '../errors/syscall-error.js';
import { isContainerError } from '../errors/container-error.js';
import type { Pidfd } from '../native/pidfd.js';
import type { Report } from '../native/report-page.js';
import type { Spec } from '../spec/types.js';
import { errnoNumber } from '../util/errno.js';
import { now } from '../util/now.js';
import { SIGNALS } from '../util/signals.js';
import { openProcess, type ProcessIdentity } from './identity.js';

/**
 * The last rungs of the ladder, for what has no cgroup. `pid-namespace`: it dies with its first process. `children`: its
 * corral-init kills, one by one, what it is the parent of, or becomes the parent of.
 */
type LastRung = Extract<KillReport['rung'], 'pid-namespace' | 'children'>;

/** By which corral-init is told to kill its children. Nobody sends it for anything else; see init_reaper.cc. */
const KILL_ORDER = 63;

/** Longer than corral-init tries. */
const TIMEOUT_MS = 35_000;

/** Returns how a container without a cgroup is killed. */
export function selectLastRung({ linux: { namespaces } }: Spec): LastRung {
  return namespaces.some(({ type }) => type === 'pid') ? 'pid-namespace' : 'children';
}

/** Tells an init to end with all that it has started. @returns `false` when it has ended already */
export function orderKill(init: Pidfd, rung: LastRung): boolean {
  try {
    init.signal(rung === 'children' ? KILL_ORDER : SIGNALS.SIGKILL);
    // Somebody may have stopped it.
    init.signal(SIGNALS.SIGCONT);
    return true;
  } catch (error) {
    if (isContainerError(error) && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Kills a container without a cgroup, by its first process, and waits until that has ended.
 *
 * @param options - `dryRun`: kill nothing, and list who would die
 * @throws SyscallError ETIMEDOUT when it has not
 */
export async function killWithoutCgroup(
  init: ProcessIdentity,
  rung: LastRung,
  options: { readonly dryRun?: boolean } = {},
): Promise<KillReport> {
  const startedAt = now();
  using pidfd = openProcess(init);
  const pids = pidfd === undefined ? [] : listFamily(init.pid);
  const report = (of: KillReport['rung'], gone: boolean): KillReport => {
    return { processes: pids.length, durationMs: now() - startedAt, rung: of, gone };
  };
  if (options.dryRun === true) return { ...report('none', pids.length === 0), pids };
  if (pidfd === undefined || !orderKill(pidfd, rung)) return report('none', true);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await pidfd.untilExit({ signal: timeout });
  } catch (error) {
    if (timeout.aborted) throw survived(listFamily(init.pid).length);
    throw error;
  }
  return report(rung, true);
}

/** @throws SyscallError ETIMEDOUT when corral-init has noted that it could not kill all of its children */
export function checkSurvivors({ survivors }: Report): void {
  if (survivors > 0) throw survived(survivors);
}

function survived(count: number): SyscallError {
  const action = `kill the ${String(count)} processes left`;
  const hint = 'they belong to another user, or are in a system call that cannot be interrupted (state D in ps)';
  return new SyscallError({ action, syscall: 'kill', errno: errnoNumber('ETIMEDOUT') ?? 110 }, { hint });
}

/**
 * Returns a process and all that descend from it, as /proc lists them: what a container without a cgroup consists of, as far
 * as somebody else can tell. A zombie is not among them.
 */
export function listFamily(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of listPids()) {
    const parent = readParent(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const family = readParent(root) === undefined ? [] : [root];
  // It grows as it is gone through.
  for (const pid of family) family.push(...(children.get(pid) ?? []));
  return family;
}

function listPids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** @see proc_pid_stat(5): the name, field 2, may hold anything */
function readParent(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(parent);
  } catch {
    return undefined; // ended meanwhile
  }
}
