import { rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { addon } from '../../src/native/addon.js';
import { TIME_SCALE } from './scale.js';

/** What has come over a socket. */
export interface Received {
  readonly text: string;
  /** Belong to the caller. */
  readonly fds: readonly number[];
}

/** Somebody who listens on a Unix socket for descriptors, as engines do. */
export class FdReceiver implements AsyncDisposable {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    server.on('connection', (socket) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#sockets.push(socket);
      else waiting(socket);
    });
  }

  /** @param directory - where the socket is made */
  static async listen(directory: string, name = 'socket'): Promise<FdReceiver> {
    const path = join(directory, name);
    // The event loop would read the bytes, and drop what came with them.
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return new FdReceiver(path, server);
  }

  /** Waits for the next connection, and takes what it sends first. */
  async receive(): Promise<Received> {
    const socket = this.#sockets.shift() ?? (await new Promise<Socket>((resolve) => this.#waiting.push(resolve)));
    const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
    const deadline = performance.now() + 10_000 * TIME_SCALE;
    for (;;) {
      const message = addon.receiveMessage({ fd, maxBytes: 4096 });
      if (message !== null) {
        socket.destroy();
        return { text: Buffer.from(message.data).toString(), fds: message.fds };
      }
      if (performance.now() > deadline) throw new Error(`nothing came to ${this.path}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.path, { force: true });
  }
}
