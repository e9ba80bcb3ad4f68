import { OptionError } from '../../errors/option-error.js';
import { RefusedError } from '../../errors/refused-error.js';
import { type IdMap, toOutside } from '../caller/ids.js';
import type { CgroupScope } from '../caller/scope.js';
import { isRoot, mayGiveToGroup } from './authority.js';
import { checkMayChange } from './check.js';
import { giveTo } from './create.js';
import { Directory } from './directory.js';
import type { RelativePath } from './paths.js';

/** Whom a cgroup is given to, as the caller's user namespace has them; what is absent stays. */
export interface NewOwner {
  readonly uid?: unknown;
  readonly gid?: unknown;
}

/**
 * Gives a cgroup to another user, as chown(2) would: who is not root gives only to a group of his own.
 *
 * @throws OptionError for an id that is none, or that the caller's user namespace does not have
 * @throws RefusedError EPERM, EACCES
 */
export function changeOwner(scope: CgroupScope, name: RelativePath, { uid, gid }: NewOwner): void {
  const { requester, isOwner } = scope;
  const wanted = { uid: translate('uid', uid, requester.uids), gid: translate('gid', gid, requester.gids) };
  using directory = Directory.open(scope, name);
  checkMayChange(scope, directory, 'chown');
  const now = directory.owner;
  const next = { uid: wanted.uid ?? now.uid, gid: wanted.gid ?? now.gid };
  const mayGive = next.uid === now.uid || isRoot(requester);
  const mayGroup = next.gid === now.gid || mayGiveToGroup(next.gid, requester);
  if (!isOwner && !(mayGive && mayGroup))
    throw new RefusedError(`chown cgroup ${directory.words}`, 'EPERM', {
      hint: 'only root may give it to another user, or to a group that is not its own',
    });
  giveTo(directory, next.uid, next.gid);
}

function translate(option: 'uid' | 'gid', id: unknown, map: IdMap): number | undefined {
  if (id === undefined) return undefined;
  const isId = typeof id === 'number' && Number.isSafeInteger(id) && id >= 0;
  const outside = isId ? toOutside(map, id) : undefined;
  if (outside !== undefined) return outside;
  throw new OptionError(option, id, isId ? 'mapped in your user namespace: see /proc/self/uid_map' : 'an id');
}
