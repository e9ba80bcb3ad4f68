import { isAscii, isUtf8 } from 'node:buffer';
import { type Position, type StreamName } from './record.js';

/** A line that is longer is cut into pieces of that many bytes, as docker does. */
export const MAX_PIECE_BYTES = 16_384;

/**
 * What becomes of a line whose newline is not there yet. `wait`: it is left for later; `now`: what is there of it is a piece, but
 * for the beginning of a character; `end`: that is a piece, too, for nothing more will come.
 */
export type Unfinished = 'wait' | 'now' | 'end';

/** What the bytes are that are encoded. */
export interface Encoding {
  readonly stream: StreamName;
  /** RFC 3339 with nanoseconds, in UTC. */
  readonly time: string;
  /** Where in the stream they begin. */
  readonly position: Position;
  readonly unfinished: Unfinished;
}

/** What must be escaped in JSON, beside the newline, which is never in a line. */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const ESCAPED = /["\\\u0000-\u0009\u000b-\u001f]/;

/**
 * Turns output into JSON lines, a record each (LogRecord). It is made for floods: what is plain ASCII is only cut and copied.
 *
 * @param bytes - output, at most some megabytes
 * @returns whole JSON lines; their last `end` says how much of `bytes` is in them
 */
export function encodeLines(bytes: Buffer, { stream, time, position, unfinished }: Encoding): Buffer {
  // A character for each byte: offsets in the text are offsets in the bytes.
  const text = bytes.toString('latin1');
  const ascii = isAscii(bytes);
  const plain = ascii && !ESCAPED.test(text);
  const head = `{"time":"${time}","stream":"${stream}",`;
  let continued = position.open;
  let lines = '';
  let start = 0;
  while (start < bytes.length) {
    const newline = text.indexOf('\n', start);
    const isWhole = newline >= 0 && newline - start <= MAX_PIECE_BYTES;
    const end = isWhole ? newline : pieceEnd(bytes, start, unfinished);
    if (end < 0) break;
    const next = isWhole ? end + 1 : end;
    lines += head;
    lines += plain ? `"text":"${text.slice(start, end)}"` : encodeText(ascii ? text : bytes, start, end);
    if (!isWhole) lines += ',"partial":true';
    if (continued) lines += ',"continued":true';
    lines += `,"end":${String(position.end + next)}}\n`;
    continued = !isWhole;
    start = next;
  }
  return Buffer.from(lines, ascii ? 'latin1' : 'utf8');
}

function encodeText(source: string | Buffer, start: number, end: number): string {
  if (typeof source === 'string') return `"text":${JSON.stringify(source.slice(start, end))}`;
  const bytes = source.subarray(start, end);
  return isUtf8(bytes) ? `"text":${JSON.stringify(bytes.toString())}` : `"base64":"${bytes.toString('base64')}"`;
}

/** Where the piece of a line without newline ends; -1 when it is to wait. */
function pieceEnd(bytes: Buffer, start: number, unfinished: Unfinished): number {
  const length = bytes.length - start;
  if (length > MAX_PIECE_BYTES) return characterStart(bytes, start + MAX_PIECE_BYTES);
  if (unfinished === 'wait') return -1;
  if (unfinished === 'end') return bytes.length;
  const end = bytes.length - cutCharacterLength(bytes);
  return end > start ? end : -1;
}

/** Returns where the character begins whose byte is at `offset`; `offset` itself in what is no UTF-8. */
function characterStart(bytes: Buffer, offset: number): number {
  for (let back = 0; back < 4; back += 1) {
    const byte = bytes[offset - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) return characterLength(byte) > back ? offset - back : offset;
  }
  return offset;
}

/** Returns how many bytes at the end are the beginning of a character, the rest of which is missing. */
function cutCharacterLength(bytes: Buffer): number {
  const start = characterStart(bytes, bytes.length - 1);
  const length = bytes.length - start;
  return length < characterLength(bytes[start] ?? 0) ? length : 0;
}

/** Returns how long a character is that begins with this byte; 1 for a byte that begins none. */
function characterLength(byte: number): number {
  if (byte >= 0xf0 && byte <= 0xf4) return 4;
  if (byte >= 0xe0) return byte < 0xf0 ? 3 : 1;
  return byte >= 0xc2 ? 2 : 1;
}
