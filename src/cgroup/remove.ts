import { listChildren } from './files.js';
import { listProcessesBelow } from './processes.js';
import { tryRmdir } from './rmdir.js';

/**
 * Removes the cgroup at `path` with all below it, the deepest first.
 *
 * @returns `false` when a process is in one of them
 * @throws the error of node:fs where a directory is neither absent nor busy
 */
export function removeTree(path: string): boolean {
  // Nearly always there is nothing below: then this is one system call.
  if (tryRmdir(path) !== 'busy') return true;
  for (const child of listChildren(path)) if (!removeTree(child)) return false;
  return tryRmdir(path) !== 'busy';
}

/**
 * Removes what is below the cgroup at `path`, and leaves that itself.
 *
 * @returns `false` when a process is in one of them
 * @throws the error of node:fs where a directory is neither absent nor busy
 */
export function clearTree(path: string): boolean {
  return listChildren(path).map(removeTree).every(Boolean) && listProcessesBelow(path).length === 0;
}
