import { describeError } from './describe-error.js';
import { escapeLines } from './escape.js';
import type { Spelling } from './flags/flag.js';
import { printErr } from './print.js';
import { type Paint, painter } from './style.js';

const NO_FLAGS: Spelling = new Map();

/** Prints an error as people read it. @param spelling - how the library's options were typed, where they were */
export function printError(error: unknown, spelling: Spelling = NO_FLAGS): void {
  printProblem(describeError(error, spelling));
}

/** Prints what went wrong, as {@link describeError} puts it. */
export function printProblem(description: string): void {
  printErr(formatError(description, painter(2)));
}

/** Returns lines about what went wrong, after `corral:`, with its hint on a line of its own. */
export function formatError(description: string, paint: Paint): string {
  const [message = '', ...hints] = escapeLines(description).split(/\n(?=hint: )/);
  return [`${paint('red', 'corral:')} ${message}\n`, ...hints.map((hint) => `${paint('dim', hint)}\n`)].join('');
}

/** Prints something that is not quite as it was asked for, and no error. */
export function printNote(note: string): void {
  printErr(`${painter(2)('yellow', 'corral: note:')} ${escapeLines(note)}\n`);
}
