import { RefusedError } from '../../errors/refused-error.js';
import type { CgroupScope } from '../caller/scope.js';
import { mayRule } from './authority.js';
import type { Directory } from './directory.js';
import { holds, type RelativePath, showPath } from './paths.js';

/**
 * Checks that a cgroup is a caller's to change.
 *
 * @param action - what is done to it: `freeze`
 * @throws RefusedError EPERM where it holds the caller itself, EACCES where it is somebody else's
 */
export function checkMayChange(scope: CgroupScope, directory: Directory, action: string): void {
  checkHoldsNot(scope, directory.name, action);
  const { uid } = directory.owner;
  if (mayRule({ uid }, scope)) return;
  throw new RefusedError(`${action} cgroup ${directory.words}`, 'EACCES', {
    hint: 'it belongs to another user: make one of your own beside or below your own cgroup',
  });
}

/** Refuses what the caller itself is in: nobody changes its own limits, or those above. @throws RefusedError EPERM */
function checkHoldsNot({ own }: CgroupScope, name: RelativePath, action: string): void {
  if (own === undefined || !holds(name, own)) return;
  throw new RefusedError(`${action} cgroup ${showPath(name)}`, 'EPERM', {
    hint: 'you are in it yourself: only what is below your own cgroup, and not around you, is yours to change',
  });
}
