import { toInside } from '../caller/ids.js';
import type { CgroupScope, Requester } from '../caller/scope.js';

/** Whose a cgroup or a process is, in the supervisor's user namespace. */
export interface Belonging {
  readonly uid: number;
}

/**
 * Tells whether a caller may do to a cgroup below its base what its owner may: it is its owner, or root in a user namespace that
 * has the owner in it.
 */
export function mayRule(
  { uid }: Belonging,
  { isOwner, requester }: Pick<CgroupScope, 'isOwner' | 'requester'>,
): boolean {
  return isOwner || uid === requester.uid || (isRoot(requester) && toInside(requester.uids, uid) !== undefined);
}

/** Tells whether a caller is root in its own user namespace. */
export function isRoot({ uid, uids }: Requester): boolean {
  return toInside(uids, uid) === 0;
}

/** Tells whether a caller may give something of its own to a group: root, or one of the group. */
export function mayGiveToGroup(gid: number, { gid: own, groups, ...requester }: Requester): boolean {
  return gid === own || groups.includes(gid) || isRoot({ gid: own, groups, ...requester });
}
