import { removeParent } from '../../cgroup/parent.js';
import { untilScopeGone } from '../../cgroup/systemd/scope-end.js';
import type { HookError } from '../../errors/hook-error.js';
import { killState } from '../kill-state.js';
import type { State } from '../state.js';
import type { OwnedState } from '../state-file.js';
import { runPoststop } from './hooks.js';
import { describeAs } from './status.js';

/**
 * Ends a container: kills what runs, removes what there is of it, and runs its poststop hooks.
 *
 * @param owned - is removed; released where an error is thrown
 * @returns why hooks have failed, which is no error
 * @throws CgroupError, SyscallError
 * @see runtime-spec 1.3.0, runtime.md "Lifecycle", steps 12 and 13
 */
export async function destroyContainer(owned: OwnedState, state: State): Promise<readonly HookError[]> {
  try {
    await killState(state);
    await untilScopeGone(state.cgroup);
  } catch (error) {
    owned.release();
    throw error;
  }
  owned.remove();
  removeParent(state.cgroup);
  return runPoststop(state.spec.hooks, describeAs(state, 'stopped', undefined));
}
