import { lstatSync, mkdirSync } from 'node:fs';
import { ContainerError } from '../errors/container-error.js';

/**
 * Makes a directory that this user alone can write, unless it is there.
 *
 * In /tmp, somebody else may have made it first: who can write there could put another cgroup into a state to kill.
 *
 * @param hint - how to choose another
 * @throws ContainerError when others can write it
 */
export function makeOwnDirectory(path: string, hint: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    makeOwnDirectory(path, hint);
    return;
  }
  if (status.uid === process.geteuid?.() && (status.mode & 0o170022) === 0o040000) return;
  throw new ContainerError(`use ${path}: it is not a directory that this user alone can write`, 'ERR_STATE_DIR', {
    hint,
  });
}
