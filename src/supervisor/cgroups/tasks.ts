import { setImmediate as pause } from 'node:timers/promises';
import { listChildren, readIfPresent } from '../../cgroup/files.js';
import { parseWords } from '../../cgroup/parse.js';
import { RefusedError } from '../../errors/refused-error.js';
import { HeldProcess } from '../caller/held-process.js';
import { PidEyes } from '../caller/pid-eyes.js';
import type { PidNamespace } from '../caller/scope.js';
import type { Directory } from './directory.js';

/** The processes in a cgroup. */
export interface TaskList {
  /** What the caller's pid namespace calls them. */
  readonly pids: readonly number[];
  /** How many more there are, which it does not show. */
  readonly hidden: number;
}

/** Others have their turn after so many. */
export const BATCH = 200;

/** Lists the processes in a cgroup, with those below it if asked, as the caller calls them. */
export async function listTasks(
  directory: Directory,
  eyes: PidNamespace,
  { recursive = false }: { readonly recursive?: boolean } = {},
): Promise<TaskList> {
  const found = listHostPids(directory.path, recursive);
  const look = new PidEyes(eyes);
  const pids: number[] = [];
  let hidden = 0;
  for (const [index, pid] of found.entries()) {
    if (index % BATCH === BATCH - 1) await pause();
    const seen = pid === 0 ? undefined : lookAt(pid, look);
    if (seen === undefined) hidden++;
    else if (seen > 0) pids.push(seen);
  }
  return { pids: pids.sort((one, other) => one - other), hidden };
}

/** @returns 0 for a process that has ended meanwhile, `undefined` for one that the caller does not see */
function lookAt(pid: number, look: PidEyes): number | undefined {
  try {
    using held = HeldProcess.open(pid);
    return look.pidOf(held);
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'ESRCH') return 0;
    throw error;
  }
}

/** Lists the pids in a cgroup, as this process's pid namespace has them; 0 for one that it does not show. */
export function listHostPids(path: string, recursive: boolean): readonly number[] {
  // A threaded cgroup lists no processes: they are its domain's.
  const own = parseWords(readIfPresent(`${path}/cgroup.procs`) ?? '').map(Number);
  return recursive ? [...own, ...listChildren(path).flatMap((child) => listHostPids(child, true))] : own;
}
