import { scopeDirectory } from '../cgroup/systemd/scope.js';
import type { CgroupRef } from '../cgroup/types.js';
import { isContainerError } from '../errors/container-error.js';
import { joinPlace } from './join-place.js';
import { Keeper } from './keeper.js';

/** What keeps a scope of systemd's, and why nothing does, in words. */
export interface KeptScope {
  readonly keeper?: Keeper;
  readonly notes: readonly string[];
}

/**
 * Puts a new keeper into the scope of a container whose owner has died: the one before has died with it. For a container
 * without a scope, or whose scope is gone, there is nothing to do.
 *
 * @returns the keeper, which belongs to the caller
 */
export async function keepScope(ref: CgroupRef): Promise<KeptScope> {
  const directory = scopeDirectory(ref);
  if (directory === undefined || ref.flat === true) return { notes: [] };
  const keeper = await Keeper.start();
  try {
    await joinPlace(`${directory}/keeper`, ref, keeper.pid);
    return { keeper, notes: [] };
  } catch (error) {
    await keeper.end();
    if (!isContainerError(error)) throw error;
    // systemd removes a scope with its last process.
    if (error.code === 'ENOENT') return { notes: [] };
    return { notes: [`what it has used is lost with its end: ${error.message}`] };
  }
}
