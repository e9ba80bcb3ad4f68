import { RefusedError } from '../../errors/refused-error.js';
import { toInside } from '../caller/ids.js';
import { HeldProcess } from '../caller/held-process.js';
import { PidEyes } from '../caller/pid-eyes.js';
import type { ConfinedScope } from '../caller/scope.js';
import type { SupervisedExec } from '../exec.js';
import type { ProcessInfo } from '../processes.js';

/** What a user namespace calls an id that it does not have. @see proc_sys_kernel(5), overflowuid */
const OVERFLOW = 65_534;

/** Returns what a caller calls a process; `undefined` for one that it does not see, or that has ended. */
export function seePid(pid: number | undefined, { requester }: Pick<ConfinedScope, 'requester'>): number | undefined {
  return pid === undefined ? undefined : see(pid, new PidEyes(requester.pids));
}

/** Returns processes as a caller sees them: those that its pid namespace shows, with its pids and ids. */
export function seeProcesses(
  processes: readonly ProcessInfo[],
  { requester }: Pick<ConfinedScope, 'requester'>,
): readonly ProcessInfo[] {
  const eyes = new PidEyes(requester.pids);
  return processes.flatMap((one) => {
    const pid = see(one.pid, eyes);
    if (pid === undefined) return [];
    const parentPid = see(one.parentPid, eyes) ?? 0;
    return [{ ...one, pid, parentPid, uid: toInside(requester.uids, one.uid) ?? OVERFLOW }];
  });
}

/** Returns an exec whose pid is what a caller calls it; 0 where it does not see it. */
export function seeExec(exec: SupervisedExec, scope: Pick<ConfinedScope, 'requester'>): SupervisedExec {
  const { stdin, stdout, stderr, terminal, notes, exited } = exec;
  return {
    pid: seePid(exec.pid, scope) ?? 0,
    stdin,
    stdout,
    stderr,
    terminal,
    notes,
    exited,
    signal: (signal) => exec.signal(signal),
    kill: () => exec.kill(),
    [Symbol.asyncDispose]: () => exec[Symbol.asyncDispose](),
  };
}

function see(pid: number, eyes: PidEyes): number | undefined {
  try {
    using held = HeldProcess.open(pid);
    return eyes.pidOf(held);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}
