import { readInode } from '../../cgroup/files.js';
import { checkIdentity, listTargets } from '../../cgroup/guard.js';
import type { State } from '../../container/state.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { CgroupScope, OwnerScope } from './scope.js';
import { listWay } from './select-base.js';

/**
 * Returns the scope in which whoever may do everything manages the cgroups in one of the containers.
 *
 * @throws UnsupportedError for a container without a cgroup v2
 * @throws CgroupRefusedError when its cgroup is not the recorded one
 */
export function scopeIn({ requester }: OwnerScope, { id, cgroup }: Pick<State, 'id' | 'cgroup'>): CgroupScope {
  for (const target of listTargets(cgroup)) checkIdentity('manage', target);
  const { v2 } = cgroup;
  const inode = v2 && readInode(v2.payload);
  if (v2 === undefined || inode === undefined)
    throw new UnsupportedError(`managing the cgroups in ${JSON.stringify(id)}`, 'a cgroup v2 of its own');
  return {
    base: v2.payload,
    inode,
    isPayload: true,
    above: v2.payload === v2.path ? [] : listWay(v2.base, v2.path),
    requester,
    isOwner: true,
    rulesBase: true,
  };
}
