import { Duplex } from 'node:stream';
import type { TerminalSize } from '../../spec/options.js';
import { type EncodedBytes, decodeBytes } from '../api/output.js';
import type { TerminalStream } from '../exec.js';
import { hangUp } from './channel.js';
import type { Opened } from './transport.js';

/** The terminal of a process that runs elsewhere. */
export class RemoteTerminal extends Duplex implements TerminalStream {
  readonly #opened: Opened;
  readonly #resize: (size: TerminalSize) => Promise<unknown>;
  #room: () => void = () => undefined;

  constructor(opened: Opened, resize: (size: TerminalSize) => Promise<unknown>) {
    super({ allowHalfOpen: true });
    this.#opened = opened;
    this.#resize = resize;
  }

  resize(size: TerminalSize): void {
    this.#resize(size).catch(() => undefined);
  }

  /** Adds what it shows, and waits while nobody reads. */
  async add(data: EncodedBytes): Promise<void> {
    if (this.destroyed || this.readableEnded || this.push(decodeBytes(data))) return;
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
  }

  /** It shows nothing more. */
  finish(): void {
    if (!this.destroyed) this.push(null);
    this.end();
  }

  override _read(): void {
    this.#room();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const { request } = this.#opened;
    if (request.destroyed || request.writableEnded) done();
    else request.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    const { request } = this.#opened;
    if (request.destroyed || request.writableEnded) done();
    else request.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#room();
    hangUp(this.#opened);
    done(error);
  }
}
