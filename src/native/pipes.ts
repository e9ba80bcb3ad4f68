import { addon } from './addon.js';
import { call } from './call.js';
import type { NamedFile } from './holes.js';

/**
 * Moves what a pipe holds to the end of a file, in the kernel: nothing of it is ever in this process, which may die at any moment.
 * It waits for nobody.
 *
 * @param pipeFd - the end that is read from; stays the caller's
 * @param file - open for writing without O_APPEND; while it is moved, this holds its exclusive lock
 * @param maxBytes - at most so many
 * @returns how many bytes; 0 where the pipe is empty, `undefined` where somebody else holds the lock
 * @throws SyscallError as splice(2), flock(2)
 */
export function movePipe(pipeFd: number, { fd, path }: NamedFile, maxBytes: number): number | undefined {
  return call(`write ${path}`, () => addon.movePipe({ pipeFd, fileFd: fd, maxBytes }), path) ?? undefined;
}

/** Makes a pipe hold so many bytes; where the caller may not have so many, as many as before. @throws SyscallError as fcntl(2) */
export function enlargePipe({ fd, path }: NamedFile, bytes: number): void {
  call(`enlarge ${path}`, () => addon.setPipeSize({ fd, bytes }), path);
}

/** Makes a FIFO. @throws SyscallError as mkfifo(3) */
export function makeFifo(path: string): void {
  call(
    `make FIFO ${path}`,
    () => {
      addon.makeFifo({ path });
    },
    path,
  );
}
