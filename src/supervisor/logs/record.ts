/** The standard streams that are logged. */
export const STREAMS = ['stdout', 'stderr'] as const;

/** A standard stream that is logged. */
export type StreamName = (typeof STREAMS)[number];

/** How far a stream is in the log. */
export interface Position {
  /** The offset behind the last byte of it that is in the log, in its spool. */
  readonly end: number;
  /** That byte is in the middle of a line. */
  readonly open: boolean;
}

/** How far both are. */
export type Positions = Readonly<Record<StreamName, Position>>;

/** Nothing is in the log. */
export const NOWHERE: Positions = { stdout: { end: 0, open: false }, stderr: { end: 0, open: false } };

/** One JSON line of a log: a line of output, or a piece of a long one. */
export interface LogRecord {
  /** RFC 3339, in UTC, with nine digits of a second: such times sort as text does. */
  readonly time: string;
  readonly stream: StreamName;
  /** Its bytes, without the newline, where they are UTF-8. */
  readonly text?: string;
  /** Its bytes where they are not. */
  readonly base64?: string;
  /** The line goes on in the stream's next record. */
  readonly partial?: boolean;
  /** The line has begun in an earlier record. */
  readonly continued?: boolean;
  /** The offset in the stream's spool behind it and its newline. */
  readonly end: number;
}

/** A JSON line that is no output: it begins every file, and says how far the streams were there. */
export interface LogMark {
  readonly mark: Positions;
}

/** Returns the JSON line of a mark. */
export function encodeMark({ stdout, stderr }: Positions): Buffer {
  return Buffer.from(`${JSON.stringify({ mark: { stdout, stderr } } satisfies LogMark)}\n`);
}

/** Reads a line of a log. @returns `undefined` for what corral did not write */
export function parseLogLine(line: Uint8Array): LogRecord | LogMark | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString());
  } catch {
    return undefined;
  }
  return isMark(value) || isRecord(value) ? value : undefined;
}

/** Returns the bytes of a record. */
export function recordBytes({ text, base64 }: LogRecord): Buffer {
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
}

/** Returns how far the streams are behind a line. */
export function positionsAfter(positions: Positions, line: LogRecord | LogMark): Positions {
  if ('mark' in line) return line.mark;
  return { ...positions, [line.stream]: { end: line.end, open: line.partial === true } };
}

/** Finds how far the streams are, from the last line of a log on. */
export class PositionSearch {
  readonly #found: Partial<Record<StreamName, Position>> = {};
  #lastTime: string | undefined;

  /** The time of the log's last record; `undefined` when none was seen. */
  get lastTime(): string | undefined {
    return this.#lastTime;
  }

  /** What was found; a stream of which nothing was seen is nowhere. */
  get positions(): Positions {
    return { ...NOWHERE, ...this.#found };
  }

  /** Takes a line, the last one first. @returns whether what comes before it is of no interest */
  take(line: LogRecord | LogMark): boolean {
    if ('mark' in line) {
      for (const stream of STREAMS) this.#found[stream] ??= line.mark[stream];
      return true;
    }
    this.#found[line.stream] ??= { end: line.end, open: line.partial === true };
    this.#lastTime ??= line.time;
    return STREAMS.every((stream) => this.#found[stream] !== undefined);
  }
}

function isMark(value: unknown): value is LogMark {
  if (!isObject(value)) return false;
  const { mark } = value;
  return isObject(mark) && STREAMS.every((stream) => isPosition(mark[stream]));
}

function isPosition(value: unknown): value is Position {
  return isObject(value) && Number.isSafeInteger(value['end']) && typeof value['open'] === 'boolean';
}

function isRecord(value: unknown): value is LogRecord {
  if (!isObject(value)) return false;
  const { time, stream, text, base64, end } = value;
  const isText = typeof text === 'string' || typeof base64 === 'string';
  return (
    isText && typeof time === 'string' && (stream === 'stdout' || stream === 'stderr') && Number.isSafeInteger(end)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
