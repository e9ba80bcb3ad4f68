import { addon } from './addon.js';
import { call } from './call.js';

/**
 * Returns an extended attribute's value; `null` when there is none, or the file system keeps no such attributes.
 *
 * @throws SyscallError ENOENT and others of getxattr(2)
 */
export function getXattr(path: string, name: string): string | null {
  return call(`read ${name} of ${path}`, () => addon.getXattr({ path, name }), path);
}

/**
 * Sets an extended attribute.
 *
 * @throws SyscallError EOPNOTSUPP and others of setxattr(2)
 */
export function setXattr(path: string, name: string, value: string): void {
  call(`set ${name} of ${path}`, () => addon.setXattr({ path, name, value }), path);
}
