import { join } from '../cgroup/join.js';
import { Manager } from '../cgroup/systemd/manager.js';
import { scopeDirectory } from '../cgroup/systemd/scope.js';
import type { Act, CgroupRef } from '../cgroup/types.js';
import { isContainerError } from '../errors/container-error.js';

/**
 * Moves a process into a cgroup of a container. Where this user may write neither the cgroup above both, nor be cloned across
 * it, systemd does it for them.
 *
 * @throws CgroupError; ContainerError with what systemd says
 */
export async function joinPlace(path: string, ref: CgroupRef, pid: number, act: Act = actNow): Promise<void> {
  try {
    join(path, pid, act);
  } catch (error) {
    const unit = findUnit(ref);
    if (unit === undefined || !isContainerError(error) || error.code !== 'EACCES') throw error;
    using manager = await Manager.connect();
    await manager.attach(unit.scope, path.slice(unit.directory.length), pid);
  }
}

const actNow: Act = (_what, run) => run();

function findUnit(
  ref: CgroupRef,
): { readonly scope: NonNullable<CgroupRef['scope']>; readonly directory: string } | undefined {
  const { scope, around } = ref;
  const directory = scopeDirectory(ref);
  if (scope !== undefined && directory !== undefined) return { scope, directory };
  return around && { scope: around, directory: around.directory };
}
