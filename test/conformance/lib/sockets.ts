import { closeSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { addon } from '../../../src/native/addon.js';
import { until } from '../../helpers/lab.js';

/** What has come over one connection. */
export interface Message {
  readonly text: string;
  readonly fds: readonly number[];
}

/** A Unix socket that takes descriptors; each connection is read to its end. */
export class FdSocket implements Disposable {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #fds: number[] = [];
  readonly messages: Message[][] = [];
  /** What the descriptors are, as the links in /proc/self/fd say it. */
  readonly targets: string[] = [];
  #closed = 0;

  protected constructor(directory: string) {
    this.path = join(directory, 'socket');
    // Node would read bytes, and lose the descriptors.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      this.#sockets.push(socket);
      const messages: Message[] = [];
      this.messages.push(messages);
      void this.#read(socket, messages);
    });
  }

  static async open(directory: string): Promise<FdSocket> {
    const socket = new FdSocket(directory);
    await socket.begin();
    return socket;
  }

  protected async begin(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  async #read(socket: Socket, messages: Message[]): Promise<void> {
    const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
    for (;;) {
      await until(() => addon.isReady({ fd, events: 'readable' }), 'a message on the socket');
      const message = addon.receiveMessage({ fd, maxBytes: 65_536 });
      if (message === null || (message.data.length === 0 && message.fds.length === 0)) break;
      this.#fds.push(...message.fds);
      this.targets.push(...message.fds.map((one) => readlinkSync(`/proc/self/fd/${String(one)}`)));
      messages.push({ text: Buffer.from(message.data).toString(), fds: message.fds });
    }
    this.#closed += 1;
  }

  /** Waits until there was a connection, and each has been closed at its other end. */
  async untilClosed(): Promise<void> {
    await until(() => this.#closed > 0 && this.#closed === this.messages.length, 'the connection is closed');
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const fd of this.#fds) closeSync(fd);
    this.#server.close();
  }
}

/** The socket of `--console-socket`. */
export class ConsoleSocket extends FdSocket {
  static async listen(directory: string): Promise<ConsoleSocket> {
    const socket = new ConsoleSocket(directory);
    await socket.begin();
    return socket;
  }

  /** Waits for the terminal’s master. */
  async master(): Promise<number> {
    await until(() => this.messages[0]?.[0] !== undefined, 'the master of the terminal');
    return this.messages[0]![0]!.fds[0]!;
  }

  /** Reads all that is written on the terminal until nobody has it any more. */
  async readAll(): Promise<string> {
    const fd = await this.master();
    addon.setNonblocking({ fd });
    const bytes = new Uint8Array(4096);
    let text = '';
    let isOver = false;
    await until(() => {
      const count = addon.readTerminal({ fd, bytes });
      isOver = count === null;
      text += Buffer.from(bytes.subarray(0, count ?? 0)).toString();
      return isOver;
    }, 'the end of the terminal');
    return text;
  }
}
