import type { LogLine } from './types.js';

/** Turns what is read of a log into what people see. One object for one look at a log: it knows in which lines the streams are. */
export class LogText {
  readonly #timestamps: boolean;
  readonly #open = new Set<LogLine['stream']>();

  /** @param options - `timestamps`: every line begins with its time, where the log knows it */
  constructor({ timestamps = false }: { readonly timestamps?: boolean } = {}) {
    this.#timestamps = timestamps;
  }

  /** Returns the bytes to be written: of a line with its newline, of a piece of one, or of a raw log, as they are. */
  format({ data, stream, time, partial = false }: LogLine): Uint8Array {
    if (stream === undefined) return data;
    const isStart = !this.#open.has(stream);
    if (partial) this.#open.add(stream);
    else this.#open.delete(stream);
    const head = this.#timestamps && isStart && time !== undefined ? `${time} ` : '';
    return Buffer.concat([Buffer.from(head), data, Buffer.from(partial ? '' : '\n')]);
  }
}
