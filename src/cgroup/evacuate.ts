import { mkdirSync } from 'node:fs';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoName, errnoNumber } from '../util/errno.js';
import { SUPERVISOR } from './facts.js';
import { onDirectory, readText, tryWrite } from './files.js';
import { selectHint } from './hints.js';
import { parseWords } from './parse.js';

/** Each round takes all that are there; a process that forks faster than that for so long is not stopped by more. */
const ROUNDS = 50;

/**
 * Moves all processes of a cgroup to its `supervisor` leaf, so that it can hand controllers to its children. Processes
 * that fork meanwhile are caught by the next round. What was moved stays there: nobody knows when it could come back.
 *
 * @returns how many were moved
 * @throws CgroupError when one may not be moved, or when they never become none
 * @see cgroup-v2.rst "No Internal Process Constraint"
 */
export function evacuate(cgroup: string): number {
  let moved = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const pids = parseWords(readText(`${cgroup}/cgroup.procs`));
    if (pids.length === 0) return moved;
    const leaf = `${cgroup}/${SUPERVISOR}`;
    // Made in each round: a concurrent clean-up may have found it empty.
    makeLeaf(leaf);
    for (const pid of pids) if (move(pid, cgroup, leaf)) moved++;
  }
  throw refusal(cgroup, errnoNumber('EBUSY') ?? 16, 'its processes fork faster than they can be moved');
}

function makeLeaf(leaf: string): void {
  onDirectory(`make cgroup ${leaf}`, leaf, () => mkdirSync(leaf, { recursive: true }));
}

function move(pid: string, cgroup: string, leaf: string): boolean {
  // 0 is a process that this pid namespace does not show; writing 0 would move the writer.
  if (pid === '0')
    throw refusal(cgroup, errnoNumber('EPERM') ?? 1, 'it holds processes from outside this PID namespace');
  const failure = tryWrite(`${leaf}/cgroup.procs`, pid);
  if (failure === undefined) return true;
  const name = errnoName(failure.errno);
  if (name === 'ESRCH' || name === 'ENOENT') return false;
  throw refusal(cgroup, failure.errno, selectHint({ file: 'cgroup.procs', errno: name, cgroup: leaf }));
}

function refusal(cgroup: string, errno: number, hint: string | undefined): CgroupError {
  const action = `move the processes of ${cgroup} to ${cgroup}/${SUPERVISOR}`;
  return new CgroupError({ action, syscall: 'write', errno, cgroup }, { hint });
}
