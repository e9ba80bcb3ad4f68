import { readSync } from 'node:fs';

/**
 * Reads a part of an open file, wherever its own offset is.
 *
 * @param into - what is filled, as far as the file goes
 * @returns the part of `into` that was filled
 * @throws the error of node:fs
 */
export function readAt(fd: number, offset: number, into: Buffer): Buffer {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return into.subarray(0, filled);
}
