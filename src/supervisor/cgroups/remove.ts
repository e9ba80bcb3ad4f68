import { statSync } from 'node:fs';
import { readEvent } from '../../cgroup/events.js';
import { listChildren } from '../../cgroup/files.js';
import { removeTree } from '../../cgroup/remove.js';
import { RefusedError } from '../../errors/refused-error.js';
import type { CgroupScope } from '../caller/scope.js';
import { checkMayChange } from './check.js';
import { Directory } from './directory.js';
import type { RelativePath } from './paths.js';
import { inWords } from './words.js';

/**
 * Removes a cgroup that no process is in.
 *
 * @param recursive - with those below it
 * @throws RefusedError EBUSY where a process is in it, or a cgroup below it that was not to be removed; EPERM, EACCES
 * @throws CgroupError ENOENT
 */
export function removeCgroup(scope: CgroupScope, name: RelativePath, recursive: boolean): void {
  using parent = Directory.open(scope, name.slice(0, -1));
  using directory = Directory.open(scope, name);
  checkMayChange(scope, directory, 'remove');
  if (!recursive && listChildren(directory.path).length > 0)
    throw new RefusedError(`remove cgroup ${directory.words}`, 'EBUSY', { hint: 'there are cgroups below it' });
  if (removeOpen(parent, directory)) return;
  throw new RefusedError(`remove cgroup ${directory.words}`, 'EBUSY', {
    hint: 'there are processes in it: kill or move them first, or ask for its removal when it is empty',
  });
}

/**
 * Removes a cgroup with all below it, unless somebody is there.
 *
 * @param parent - the one right above it
 * @returns `false` where a process is in one of them
 */
export function removeOpen(parent: Directory, directory: Directory): boolean {
  const path = `${parent.path}/${directory.name.at(-1) ?? ''}`;
  const act = { action: `remove cgroup ${directory.words}`, cgroup: directory.name.join('/') };
  return inWords(act, () => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    // Gone, and perhaps another one is there by now.
    if (found === undefined || String(found.ino) !== directory.inode) return true;
    // Some of those below would be gone by the time that a process is found.
    return readEvent(directory.path, 'populated') !== 1 && removeTree(path);
  });
}
