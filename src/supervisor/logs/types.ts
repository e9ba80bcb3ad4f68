/** A piece of a container's output. */
export interface LogLine {
  /** Of a line: its text, without the newline. Of a raw log: bytes as they came, in chunks of any length. */
  readonly data: Uint8Array;
  /** Absent of a raw log, which does not tell them apart. */
  readonly stream?: 'stdout' | 'stderr';
  /** When it was written, RFC 3339 with nanoseconds; absent of a raw log. */
  readonly time?: string;
  /** `true` where the line goes on in the next one: it was too long, or its end is not there yet. */
  readonly partial?: boolean;
}

/** Which part of a log is read. */
export interface LogQuery {
  /** Goes on as more is written. @default false */
  readonly follow?: boolean;
  /** Only the last so many lines. */
  readonly tail?: number;
  /** Only from this time on, milliseconds since 1970; a raw log knows no times, and refuses it. */
  readonly since?: number;
  /** Only until this time. */
  readonly until?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}
