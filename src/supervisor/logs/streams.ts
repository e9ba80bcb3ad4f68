import { closeSync, fchmodSync, fchownSync, openSync } from 'node:fs';
import type { LogOwner, LogStreams } from './container-log.js';
import { fileCall } from '../file-call.js';

/** Where they cannot be given to the container's user: nobody else comes to them, for their directory is closed to others. */
const SHARED_MODE = 0o622;

/**
 * Opens the files that a container writes its output into.
 *
 * @param stdout - path; `undefined`: the stream is ignored
 * @param stderr - path; where it is the same, the streams share a descriptor
 * @param owner - whose the files are from now on; absent: they stay this user's, and may be opened anew by whoever has them
 * @throws SyscallError
 */
export function openStreams(
  stdout: string | undefined,
  stderr: string | undefined,
  owner: LogOwner | undefined,
): LogStreams {
  const fds = new Map<string, number>();
  const close = (): void => {
    for (const fd of fds.values()) closeSync(fd);
    fds.clear();
  };
  try {
    for (const path of [stdout, stderr]) {
      if (path === undefined || fds.has(path)) continue;
      const fd = openForAppending(path, owner);
      fds.set(path, fd);
      if (owner === undefined) fileCall(`change mode of ${path}`, () => fchmodSync(fd, SHARED_MODE));
    }
  } catch (error) {
    close();
    throw error;
  }
  const find = (path: string | undefined): number | 'ignore' => fds.get(path ?? '') ?? 'ignore';
  return { stdout: find(stdout), stderr: find(stderr), close };
}

/** Opens a file that is only ever added to; it is made, for this user alone, unless it is there. @throws SyscallError */
export function openForAppending(path: string, owner?: LogOwner): number {
  const fd = fileCall(`open ${path}`, () => openSync(path, 'a', 0o600));
  try {
    if (owner !== undefined) fileCall(`change owner of ${path}`, () => fchownSync(fd, owner.uid, owner.gid));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
