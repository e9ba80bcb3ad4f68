import { constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { setTimeout as delay } from 'node:timers/promises';
import { SyscallError } from '../errors/syscall-error.js';
import { addon } from './addon.js';
import { call } from './call.js';
import { Fd } from './fd.js';

/** What fits into sockaddr_un, unix(7), with the NUL byte behind it. */
const MOST = 108;

// One that is slow to accept has its queue full for a while.
const TRIES = 100;
const PAUSE_MS = 50;

/** What is sent over a socket, and to whom. */
export interface Handed {
  /** Of a listening Unix stream socket; it may be longer than an address. */
  readonly path: string;
  /** What the socket is for, as an error says it: `console socket`. */
  readonly what: string;
  /** One byte at least. */
  readonly text: string;
  /** Stays the caller's. */
  readonly fd: number;
}

/**
 * Sends a descriptor and some bytes: one connection, one message.
 *
 * @throws SyscallError when nobody listens there, or has not accepted for five seconds
 * @see unix(7), SCM_RIGHTS
 */
export async function sendDescriptor({ path, what, text, fd }: Handed): Promise<void> {
  using socket = await connect(path, what);
  call(`send to the ${what} ${path}`, () => {
    addon.sendMessage({ fd: socket.number, data: Buffer.from(text), fds: [fd] });
  });
}

async function connect(path: string, what: string): Promise<Fd> {
  for (let attempt = 1; ; attempt++) {
    try {
      return new Fd(call(`connect to the ${what} ${path}`, () => connectOnce(path), path));
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EAGAIN' || attempt === TRIES) throw error;
    }
    await delay(PAUSE_MS);
  }
}

function connectOnce(path: string): number {
  if (Buffer.byteLength(path) < MOST) return addon.connectSocket({ path });
  // Through its directory's descriptor every path is short.
  using directory = new Fd(openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY));
  return addon.connectSocket({ path: `/proc/self/fd/${String(directory.number)}/${basename(path)}` });
}
