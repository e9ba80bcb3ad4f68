import { addon } from './addon.js';
import { call } from './call.js';

/** An open file, and its name for errors. */
export interface NamedFile {
  /** Stays the caller's. */
  readonly fd: number;
  readonly path: string;
}

/**
 * Gives the blocks of a part of a file back to the file system: the part reads as zeros from then on, the file keeps its length.
 *
 * @param file - open for writing
 * @param offset - bytes
 * @param length - bytes, more than 0
 * @returns `false` where the file system makes no holes
 * @throws SyscallError as fallocate(2)
 */
export function punchHole({ fd, path }: NamedFile, offset: number, length: number): boolean {
  return call(`punch hole into ${path}`, () => addon.punchHole({ fd, offset, length }), path);
}

/**
 * Returns where, from `offset` on, a file has data, and no hole; `null` when up to its end there are none. A file system that knows
 * no holes says `offset` itself.
 *
 * @throws SyscallError as lseek(2)
 */
export function seekData({ fd, path }: NamedFile, offset: number): number | null {
  return call(`seek data in ${path}`, () => addon.seekData({ fd, offset }), path);
}
