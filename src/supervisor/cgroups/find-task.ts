import { setImmediate as pause } from 'node:timers/promises';
import { readLayout } from '../../cgroup/facts.js';
import { RefusedError } from '../../errors/refused-error.js';
import { OptionError } from '../../errors/option-error.js';
import { HeldProcess } from '../caller/held-process.js';
import { findMembership } from '../caller/membership.js';
import { PidEyes } from '../caller/pid-eyes.js';
import type { CgroupScope } from '../caller/scope.js';
import { isWithin } from '../caller/select-base.js';
import { mayRule } from './authority.js';
import type { Directory } from './directory.js';
import type { RelativePath } from './paths.js';
import { BATCH, listHostPids } from './tasks.js';

/**
 * Finds the process that a caller means by a pid: one that is in its own cgroup or below, and that its pid namespace calls so. No
 * other is looked at, so that nothing can be learnt of others.
 *
 * @param base - the caller's own cgroup
 * @returns the process; it is the caller's to close
 * @throws OptionError for what is no pid
 * @throws RefusedError ESRCH where there is none in the caller's scope, EPERM where it is another user's
 */
export async function findTask(scope: CgroupScope, base: Directory, pid: unknown): Promise<HeldProcess> {
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0)
    throw new OptionError('pid', pid, 'the number of a process');
  const eyes = new PidEyes(scope.requester.pids);
  for (const [index, candidate] of listHostPids(base.path, true).entries()) {
    if (index % BATCH === BATCH - 1) await pause();
    const held = candidate === 0 ? undefined : holdIfCalled(candidate, pid, eyes);
    if (held === undefined) continue;
    try {
      checkTask(scope, held, pid);
      return held;
    } catch (error) {
      held.close();
      throw error;
    }
  }
  throw new RefusedError(`find process ${String(pid)}`, 'ESRCH', {
    hint: 'there is none of that number in your own cgroup or below it',
  });
}

/**
 * Checks that a process is in a caller's scope at this moment, and the caller's to move.
 *
 * @returns the cgroup that it is in, below the base
 * @throws RefusedError
 */
export function checkTask(scope: CgroupScope, held: HeldProcess, pid: number): RelativePath {
  const { v2 } = readLayout();
  const at = v2 && findMembership(held, v2);
  if (at === undefined || !isWithin(scope.base, at.path))
    throw new RefusedError(`find process ${String(pid)}`, 'ESRCH', {
      hint: 'there is none of that number in your own cgroup or below it',
    });
  const [, uid = -1] = held.status().uids;
  if (!mayRule({ uid }, scope))
    throw new RefusedError(`move process ${String(pid)}`, 'EPERM', { hint: 'it belongs to another user' });
  return at.path === scope.base ? [] : at.path.slice(scope.base.length + 1).split('/');
}

function holdIfCalled(candidate: number, pid: number, eyes: PidEyes): HeldProcess | undefined {
  let held: HeldProcess | undefined;
  try {
    held = HeldProcess.open(candidate);
    if (eyes.pidOf(held) === pid) return held;
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'ESRCH') {
      held?.close();
      throw error;
    }
  }
  held?.close();
  return undefined;
}
