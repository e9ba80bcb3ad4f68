import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { formatJson } from '../util/json.js';
import { escapeJson } from './escape.js';

/** Writes to standard output, whole and at once. @returns `false` when nobody reads it any more */
export function printOut(text: string): boolean {
  return writeAll(1, text);
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

// Never by process.stdout and process.stderr: those turn a pipe non-blocking, and the pipe is the container's, too. Besides,
// what was written so is out before the process is.
function writeAll(fd: number, text: string): boolean {
  let rest = Buffer.from(text);
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
