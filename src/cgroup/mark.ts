import { getXattr, setXattr } from '../native/xattr.js';

const NAME = 'user.corral';

/** The mark of a directory that corral made to hold containers. */
export const PARENT_MARK = '/';

/**
 * Leaves corral's mark on a directory, where the kernel can keep one: cgroup v2 since Linux 5.7.
 *
 * @see xattr(7)
 */
export function markDirectory(path: string, mark: string): void {
  try {
    setXattr(path, NAME, mark);
  } catch {
    // The inode number in the record identifies the directory as well; the mark is there for when the record is lost.
  }
}

/** Returns the id that a directory is marked with; `undefined` when it has no mark, or does not exist. */
export function readMark(path: string): string | undefined {
  try {
    return getXattr(path, NAME) ?? undefined;
  } catch {
    return undefined;
  }
}
