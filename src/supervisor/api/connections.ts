import type { Socket } from 'node:net';
import { ApiError } from '../../errors/api-error.js';
import { errorBody } from './error-body.js';
import type { Authorize, Caller } from './caller.js';
import { socketFd } from './hang-up.js';
import type { Limits } from './limits.js';

const STRANGERS = 'strangers';

/** What a connection is counted under, and how many of each there may be. */
interface Count {
  readonly key: string;
  readonly most: number;
}

/** Counts connections, and turns away those that are too many. */
export class Connections {
  readonly #authorize: Authorize;
  readonly #limits: Limits;
  readonly #open = new Set<Socket>();
  readonly #counts = new Map<string, number>();

  constructor(authorize: Authorize, limits: Limits) {
    this.#authorize = authorize;
    this.#limits = limits;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Counts a connection until it is closed, or turns it away. */
  async add(socket: Socket): Promise<void> {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#open.size > this.#limits.all) {
      turnAway(socket, `there are ${String(this.#limits.all)} connections already`);
      return;
    }
    const counts = await this.#countsOf(socket);
    if (socket.destroyed) return;
    const full = counts.find(({ key, most }) => (this.#counts.get(key) ?? 0) >= most);
    if (full !== undefined) {
      turnAway(socket, `${full.key} has ${String(full.most)} connections already`);
      return;
    }
    for (const { key } of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    socket.once('close', () => {
      for (const { key } of counts) this.#drop(key);
    });
  }

  /** Closes all. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #drop(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }

  // Each request is authorised by itself; here it is only decided whom the connection counts for.
  async #countsOf(socket: Socket): Promise<readonly Count[]> {
    const { free, confined, confinedAll, strangers } = this.#limits;
    const stranger = { key: STRANGERS, most: strangers };
    const fd = socketFd(socket);
    if (fd === undefined) return [stranger];
    try {
      const caller: Caller = await this.#authorize(fd, socket);
      if (caller.confined === undefined) return [{ key: caller.key, most: caller.maxConnections ?? free }];
      const own = { key: caller.key, most: caller.maxConnections ?? confined };
      return [own, { key: 'the lot of all containers', most: confinedAll }];
    } catch {
      return [stranger];
    }
  }
}

/** Answers, whatever the request is going to be, and closes the connection. */
function turnAway(socket: Socket, reason: string): void {
  const error = new ApiError(`connect: ${reason}`, 'ERR_BUSY', { hint: 'close some of them, or try again later' });
  endWith(socket, '503 Service Unavailable', error);
}

/** Answers a request that is none, and closes the connection. */
export function endWith(socket: Socket, status: string, error: ApiError): void {
  if (!socket.writable || socket.destroyed) return;
  const body = `${JSON.stringify(errorBody(error))}\n`;
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${String(Buffer.byteLength(body))}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
