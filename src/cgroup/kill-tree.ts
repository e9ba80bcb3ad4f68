import { CgroupError } from '../errors/cgroup-error.js';
import { errnoName, errnoNumber } from '../util/errno.js';
import { untilEvent } from './events.js';
import { readIfPresent, tryWrite } from './files.js';
import { freezePath, thawPath, thawTree } from './freeze.js';
import { signalListed } from './signal-listed.js';
import { listProcessesBelow } from './processes.js';
import { now } from '../util/now.js';
import { SIGNALS } from '../util/signals.js';

/**
 * How a cgroup was emptied. `cgroup.kill`: by one write. `freeze`: frozen with cgroup v2's file, then killed one by one.
 * `freezer`: the same in the v1 hierarchy. `list`: one by one without anything to freeze them with.
 */
export type Rung = 'cgroup.kill' | 'freeze' | 'freezer' | 'list';

/** What {@link killTree} works with. */
export interface KillTreeOptions {
  /** In the time of {@link now}. */
  readonly deadline: number;
  /** Begin at this rung, as a kernel would that has nothing better. */
  readonly rung?: Rung;
  /** When this is settled, it may be empty. */
  readonly wake?: Promise<unknown>;
}

/** After this long, those that are still there are looked for again. */
const ROUND_MS = 1_000;
/** A process in an uninterruptible system call does not freeze; the others do not wait for it. */
const FREEZE_MS = 500;

/**
 * Kills everything in the cgroup at `path` and below it, and waits until it is empty. A cgroup that is gone is empty.
 *
 * @returns the rung of the ladder that did it
 * @throws CgroupError ETIMEDOUT when something survived until the deadline
 * @see cgroup-v2.rst "cgroup.kill"; cgroup-v1/freezer-subsystem.rst
 */
export async function killTree(path: string, { deadline, rung, wake }: KillTreeOptions): Promise<Rung> {
  const chosen = selectRung(path, rung);
  for (;;) {
    const timeoutMs = Math.min(ROUND_MS, Math.max(1, deadline - now()));
    if (await KILL[chosen](path, timeoutMs, wake)) return chosen;
    if (now() >= deadline) throw describeSurvivors(path);
    // Somebody moved a process in after the write, or one is slow to die.
    if (chosen === 'cgroup.kill') tryWrite(`${path}/cgroup.kill`, '1');
  }
}

// By doing: the write is the probe. It fails with EOPNOTSUPP in a threaded cgroup, whose domain may be larger than what
// is to die: there, the processes that have a thread in it are taken one by one.
function selectRung(path: string, wanted: Rung | undefined): Rung {
  if (wanted !== undefined && wanted !== 'cgroup.kill') return wanted;
  const failure = tryWrite(`${path}/cgroup.kill`, '1');
  if (failure === undefined || errnoName(failure.errno) === 'ENODEV') return 'cgroup.kill';
  if (readIfPresent(`${path}/cgroup.freeze`) !== undefined) return 'freeze';
  return readIfPresent(`${path}/freezer.state`) === undefined ? 'list' : 'freezer';
}

/** One round of each rung. @returns whether the cgroup is empty */
const KILL: Readonly<Record<Rung, (path: string, timeoutMs: number, wake?: Promise<unknown>) => Promise<boolean>>> = {
  // The write itself was the probe.
  'cgroup.kill': (path, timeoutMs, wake) => untilEvent({ cgroup: path, event: 'populated', value: 0, timeoutMs, wake }),
  freeze: async (path, timeoutMs) => {
    try {
      await freezePath(path, Math.min(FREEZE_MS, timeoutMs)).catch(unlessGone(path));
      await signalListed(path, SIGNALS.SIGKILL);
    } finally {
      thawPath(path);
    }
    return untilEvent({ cgroup: path, event: 'populated', value: 0, timeoutMs });
  },
  freezer: async (path, timeoutMs) => {
    try {
      await freezePath(path, Math.min(FREEZE_MS, timeoutMs)).catch(unlessGone(path));
      // Frozen by v1, a process dies only when it is thawed.
      const dying = signalListed(path, SIGNALS.SIGKILL, { exitMs: timeoutMs });
      thawTree(path);
      await dying;
    } finally {
      thawTree(path);
    }
    return listProcessesBelow(path).length === 0;
  },
  list: async (path, timeoutMs) => {
    await signalListed(path, SIGNALS.SIGKILL, { exitMs: timeoutMs });
    return listProcessesBelow(path).length === 0;
  },
};

function unlessGone(path: string): (error: unknown) => void {
  return (error) => {
    if (readIfPresent(`${path}/cgroup.procs`) !== undefined) throw error;
  };
}

function describeSurvivors(path: string): CgroupError {
  const pids = listProcessesBelow(path);
  const stuck = pids.filter((pid) => (readIfPresent(`/proc/${pid}/stat`) ?? '').includes(') D '));
  const action = `kill the ${pids.length} processes left in ${path}`;
  const hint =
    stuck.length === 0
      ? 'they survived SIGKILL: try again'
      : `${stuck.join(', ')} in a system call that cannot be interrupted (state D in ps): the device or file system it waits for has to answer first`;
  return new CgroupError({ action, syscall: 'poll', errno: errnoNumber('ETIMEDOUT') ?? 110, cgroup: path }, { hint });
}
