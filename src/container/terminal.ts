import { Duplex } from 'node:stream';
import { isContainerError } from '../errors/container-error.js';
import { addon, type PollHandle } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import { untilReady } from '../native/fd-watch.js';
import type { TerminalSize } from '../spec/options.js';
import { checkSize } from '../spec/parse/terminal.js';

/** As much as is read in one go; it is copied out, so one buffer does for all terminals of this process. */
const BUFFER_SIZE = 64 * 1024;
let buffer: Buffer | undefined;

/** At the end a terminal holds less than that many buffers; a process that escaped the end must not hold this one up. */
const LAST_READS = 16;

/** What ends a line of input in the terminal's usual mode, and with it the input: Ctrl-D. */
const END_OF_FILE = '\x04';

/**
 * This process's side of a container's terminal: what is written to it is typed there, what is shown there can be read from
 * it. Both directions are bytes, and backpressure works: who does not read makes the container wait.
 *
 * It ends when the process that it is for has ended and all that it showed has been read; input that comes later is dropped.
 * `end()` types Ctrl-D. `destroy()` hangs up: the session inside gets SIGHUP, unless the init holds the terminal, too: then
 * somebody must go on reading, or the init waits for a reader at the end. Its descriptors belong to it, and are closed
 * with the process inside, whether or not anybody reads to the end.
 */
export class Terminal extends Duplex {
  #size: TerminalSize;
  readonly #master: Fd;
  /** The same open file, for the second poll: libuv has one for each descriptor. */
  readonly #writer: Fd;
  /** The other end, held open so that this one knows no end: a program may close its terminal and open /dev/tty again. */
  readonly #peer: Fd;
  #isOpen = true;
  readonly #closing = new AbortController();
  #poll: PollHandle | undefined;

  /**
   * @internal
   * @param master - belongs to the terminal from here on, but where this throws
   */
  constructor(master: Fd, size: TerminalSize) {
    super({ highWaterMark: BUFFER_SIZE, allowHalfOpen: false });
    this.#size = size;
    this.#master = master;
    call('set up terminal', () => {
      addon.setNonblocking({ fd: master.number });
    });
    this.#peer = new Fd(call('set up terminal', () => addon.openTerminalPeer({ fd: master.number })));
    try {
      this.#writer = new Fd(call('set up terminal', () => addon.duplicateFd({ fd: master.number })));
    } catch (error) {
      this.#peer.close();
      throw error;
    }
  }

  /** Its width in characters. */
  get columns(): number {
    return this.#size.columns;
  }

  /** Its height in characters. */
  get rows(): number {
    return this.#size.rows;
  }

  /**
   * Changes its size; the programs in its foreground get SIGWINCH. After the end it does nothing.
   *
   * @throws OptionError for a size that is none
   */
  resize(size: TerminalSize): void {
    this.#size = checkSize(size, 'size');
    if (!this.#isOpen) return;
    call('resize terminal', () => {
      addon.setWindowSize({ fd: this.#master.number, ...this.#size });
    });
  }

  /** @internal Takes in what the terminal still holds, a few KiB, and closes its descriptors: nobody is left on it. */
  finish(): void {
    if (!this.#isOpen) return;
    try {
      for (let reads = 0; reads < LAST_READS && this.#readOnce() > 0; reads++);
      this.push(null);
    } finally {
      this.#close();
    }
  }

  override _read(): void {
    if (!this.#isOpen || this.#poll !== undefined) return;
    const onReady = (): void => {
      try {
        this.#readOnce();
      } catch (error) {
        this.destroy(error as Error);
      }
    };
    // The process itself is waited for: this need not keep the event loop alive.
    const options = { fd: this.#master.number, events: 'readable', onReady, ref: false } as const;
    this.#poll = call('wait for terminal', () => addon.pollStart(options));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#type(chunk).then(() => {
      done();
    }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#type(Buffer.from(END_OF_FILE)).then(() => {
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#close();
    done(error);
  }

  /** @returns how many bytes there were */
  #readOnce(): number {
    buffer ??= Buffer.allocUnsafeSlow(BUFFER_SIZE);
    const bytes = buffer;
    const length = call('read from terminal', () => addon.readTerminal({ fd: this.#master.number, bytes }));
    // Its end, EIO: with the other end held open there is none, but to poll for more would be to turn in circles.
    if (length === null) this.#stop();
    if (length === null || length === 0) return 0;
    if (!this.push(Buffer.from(bytes.subarray(0, length)))) this.#stop();
    return length;
  }

  async #type(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0 && this.#isOpen;) {
        rest = rest.subarray(this.#typeSome(rest));
        if (rest.length > 0) await this.#untilRoom();
      }
    } catch (error) {
      if (!isHungUp(error)) throw error;
    }
  }

  #typeSome(bytes: Uint8Array): number {
    return call('write to terminal', () => addon.writeTerminal({ fd: this.#master.number, bytes }));
  }

  /** Waits until more can be typed, or never any more. */
  async #untilRoom(): Promise<void> {
    const { signal } = this.#closing;
    await untilReady(this.#writer.number, 'writable', { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #stop(): void {
    this.#poll?.stop();
    this.#poll = undefined;
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stop();
    this.#closing.abort();
    for (const end of [this.#master, this.#writer, this.#peer]) end.close();
  }
}

function isHungUp(error: unknown): boolean {
  return isContainerError(error) && error.code === 'EIO';
}
