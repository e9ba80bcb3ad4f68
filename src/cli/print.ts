import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { formatJson } from '../util/json.js';
import { escapeJson } from './escape.js';

/** Writes to standard output, whole and at once. @returns `false` when nobody reads it any more */
export function printOut(text: string): boolean {
  return writeAll(1, text);
}

/** Writes bytes to standard output or error as they are. @returns `false` when nobody reads them any more */
export function printBytes(fd: 1 | 2, bytes: Uint8Array): boolean {
  return writeAll(fd, bytes);
}

/** Writes lines to standard error, whole and at once. */
export function printErr(text: string): void {
  writeAll(2, text);
}

/** Writes a value as JSON to standard output. */
export function printJson(value: unknown): void {
  printOut(`${escapeJson(formatJson(value, 2))}\n`);
}

/** Returns how many columns standard output has: where nobody looks at it, no end of them. */
export function outputWidth(): number {
  // A terminal that does not know its size says 0.
  return isatty(1) ? process.stdout.columns || DEFAULT_WIDTH : Infinity;
}

/** The same of standard error. */
export function errorWidth(): number {
  return isatty(2) ? process.stderr.columns || DEFAULT_WIDTH : Infinity;
}

const DEFAULT_WIDTH = 80;

let clearCover: (() => void) | undefined;

/** What shows something for a moment on a terminal is told to clear it away before anything else is printed. */
export function coverWith(clear: (() => void) | undefined): void {
  clearCover = clear;
}

/** Writes such a thing to standard error. */
export function printOver(text: string): void {
  writeBytes(2, text);
}

// Never by process.stdout and process.stderr: those turn a pipe non-blocking, and the pipe is the container's, too. Besides,
// what was written so is out before the process is.
function writeAll(fd: number, data: string | Uint8Array): boolean {
  clearCover?.();
  return writeBytes(fd, data);
}

function writeBytes(fd: number, data: string | Uint8Array): boolean {
  let rest: Uint8Array = typeof data === 'string' ? Buffer.from(data) : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Nobody reads on: `corral ps | head -1`.
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      // Somebody else made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}
