import { formatMoment } from './clock.js';
import type { LogRecord, StreamName } from './record.js';
import type { LogLine, LogQuery } from './types.js';
import { recordBytes } from './record.js';

/** Chooses the records that a query wants. */
export class Selection {
  readonly #since: string;
  readonly #until: string;
  /** The streams in whose lines it is: a line is wanted as a whole. */
  readonly #open: Set<StreamName>;

  /** @param isFromStart - a piece whose beginning is not in the log any more is wanted, too */
  constructor({ since, until }: Pick<LogQuery, 'since' | 'until'>, { isFromStart }: { readonly isFromStart: boolean }) {
    this.#since = since === undefined ? '' : formatMoment(since);
    this.#until = until === undefined ? '~' : formatMoment(until);
    this.#open = new Set(isFromStart ? ['stdout', 'stderr'] : []);
  }

  /** Tells whether a record begins a line that is wanted; `early`: no record before it in its file can. */
  weigh({ time, continued }: LogRecord): 'start' | 'early' | 'other' {
    if (time < this.#since) return 'early';
    return continued === true || time > this.#until ? 'other' : 'start';
  }

  /** Takes the next record. @returns whether it is wanted */
  take(record: LogRecord): boolean {
    const isWanted = record.continued === true ? this.#open.has(record.stream) : this.weigh(record) === 'start';
    if (isWanted && record.partial === true) this.#open.add(record.stream);
    else this.#open.delete(record.stream);
    return isWanted;
  }
}

/** Returns a record as it is handed out. */
export function toLogLine(record: LogRecord): LogLine {
  const { time, stream, partial } = record;
  return { data: recordBytes(record), stream, time, ...(partial === true ? { partial } : {}) };
}
