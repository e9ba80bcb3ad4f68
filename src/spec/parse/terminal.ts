import { OptionError } from '../../errors/option-error.js';
import type { TerminalSize } from '../options.js';
import type { Process } from '../types.js';

/** The size of a terminal of which nobody said how large it is: what every terminal once was. */
export const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** TERM where the caller has none: what docker and podman say, and what every terminfo database knows. */
const DEFAULT_TERM = 'xterm';

/** The largest that the kernel's structure holds. */
const MAX = 65_535;

/**
 * Reads the option `terminal`.
 *
 * @returns the terminal's size; `undefined` where none is wanted
 */
export function parseTerminal(value: unknown): TerminalSize | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return DEFAULT_SIZE;
  if (typeof value !== 'object' || value === null) {
    throw new OptionError('terminal', value, 'true, false or an object with columns and rows');
  }
  return checkSize(value, 'terminal');
}

/**
 * Checks a size.
 *
 * @param option - how the caller named it
 * @throws OptionError naming the field
 */
export function checkSize(size: Partial<TerminalSize>, option: string): TerminalSize {
  return { columns: checkCount(size.columns, `${option}.columns`), rows: checkCount(size.rows, `${option}.rows`) };
}

function checkCount(value: unknown, option: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX) return value;
  throw new OptionError(option, value, `a whole number, 1–${String(MAX)}`);
}

/** Returns the fields of a process that say what terminal it has. @see runtime-spec 1.3.0, config.md "Process" */
export function terminalFields(size: TerminalSize | undefined): Pick<Process, 'terminal' | 'consoleSize'> {
  if (size === undefined) return {};
  return { terminal: true, consoleSize: { height: size.rows, width: size.columns } };
}

/** Returns the variables of a process on a terminal: TERM says what the caller's own understands. */
export function terminalEnv(
  size: TerminalSize | undefined,
  callers: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const term = callers['TERM'];
  return size === undefined ? {} : { TERM: term === undefined || term === '' ? DEFAULT_TERM : term };
}
