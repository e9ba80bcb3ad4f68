import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { TerminalSize } from '../spec/options.js';
import type { Attachment } from '../supervisor/attachment.js';
import type { KeyWatch } from './detach-keys.js';

/** What a program is to have noticed within: two signals that come at once are one. */
const NOTICE_MS = 150;

/**
 * The terminal of a container that runs elsewhere, as this one is connected with it: it ends with the container, or when the keys
 * that detach were typed.
 */
export class AttachedTerminal extends Duplex {
  readonly #attachment: Attachment;
  readonly #keys: KeyWatch;
  #room: () => void = () => undefined;
  #isDrawn = false;
  #redraw: NodeJS.Timeout | undefined;
  /** The keys were typed. */
  isDetached = false;

  constructor(attachment: Attachment, keys: KeyWatch) {
    super({ allowHalfOpen: false });
    this.#attachment = attachment;
    this.#keys = keys;
    void this.#show();
  }

  /**
   * What it shows already is not known here: whoever draws on it is made to do so anew, by another size first, which lasts until it has
   * been noticed.
   */
  resize(size: TerminalSize): void {
    clearTimeout(this.#redraw);
    if (this.#isDrawn) {
      this.#attachment.resize(size);
      return;
    }
    this.#attachment.resize({ ...size, rows: size.rows + 1 });
    this.#redraw = setTimeout(() => {
      this.#isDrawn = true;
      this.#attachment.resize(size);
    }, NOTICE_MS);
  }

  override _read(): void {
    this.#room();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const { passed, found } = this.#keys.take(chunk);
    const { stdin } = this.#attachment;
    const hasRoom = stdin === null || stdin.destroyed || passed.length === 0 || stdin.write(passed);
    if (found) {
      this.isDetached = true;
      this.destroy();
      done();
    } else if (hasRoom) done();
    else once(stdin, 'drain').then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#redraw);
    this.#room();
    this.#attachment[Symbol.dispose]();
    done(error);
  }

  async #show(): Promise<void> {
    try {
      for await (const { data } of this.#attachment.output) {
        if (this.destroyed) return;
        if (!this.push(data)) await new Promise<void>((resolve) => (this.#room = resolve));
      }
      this.push(null);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
