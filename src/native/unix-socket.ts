import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { addon } from './addon.js';
import { call } from './call.js';

/** What fits into sockaddr_un, unix(7), with the NUL byte behind it. */
const MOST = 108;

/**
 * Connects to a Unix stream socket.
 *
 * @returns the descriptor, which belongs to the caller
 * @throws SyscallError
 */
function connectUnix(path: string): number {
  return call(`connect to ${path}`, () => {
    if (Buffer.byteLength(path) < MOST) return addon.connectUnix({ path });
    // Through its directory's descriptor every path is short.
    const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return addon.connectUnix({ path: `/proc/self/fd/${String(directory)}/${basename(path)}` });
    } finally {
      closeSync(directory);
    }
  });
}

/** Sends a descriptor over a Unix stream socket, with some bytes, and ends the connection. @param fd - stays the caller's */
export function sendDescriptor(path: string, text: string, fd: number): void {
  const socket = connectUnix(path);
  try {
    call(`send to ${path}`, () => {
      addon.sendMessage({ fd: socket, data: Buffer.from(text), fds: [fd] });
    });
  } finally {
    closeSync(socket);
  }
}
