import type { LogSource } from './source.js';

/** What a terminal has shown, and is not in the log yet: in memory, and only as long as the log cannot be written. */
export class TerminalSource implements LogSource {
  readonly stream = 'stdout';
  readonly unfinished = 'now';
  #bytes: Buffer = Buffer.alloc(0);
  /** The offset of its first byte. */
  #start: number;

  /** @param end - what is in the log ends there */
  constructor(end: number) {
    this.#start = end;
  }

  /** Adds what the terminal has shown. */
  push(data: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
  }

  /** How many bytes are not in the log. */
  get unread(): number {
    return this.#bytes.length;
  }

  look(): { readonly start: number; readonly size: number } {
    return { start: this.#start, size: this.#start + this.#bytes.length };
  }

  read(start: number, into: Buffer): Buffer {
    const from = start - this.#start;
    return into.subarray(0, this.#bytes.copy(into, 0, from, from + into.length));
  }

  release(end: number): void {
    this.#bytes = this.#bytes.subarray(end - this.#start);
    this.#start = end;
  }

  // Its offsets go on in the next run: there is no file that they are in.
  empty(): boolean {
    return false;
  }

  rest(): void {
    // It holds no descriptor.
  }
}
