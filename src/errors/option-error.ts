import { inspect } from 'node:util';
import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** A value that the caller gave and corral cannot take. */
export class OptionError extends ContainerError {
  /** The option's name in the library: `memory`, `volumes[0]`. */
  readonly option: string;
  readonly value: unknown;

  /**
   * @param option - the option's name
   * @param value - what was given
   * @param expected - what would have been right: `a size such as 256M`
   */
  constructor(option: string, value: unknown, expected: string, details: ContainerErrorDetails = {}) {
    super(`${option}: ${formatValue(value)} is not ${expected}`, 'ERR_OPTION', details);
    this.option = option;
    this.value = value;
  }
}

/** What is longer is cut off: whoever gave it knows it. */
const MOST = 1000;

function formatValue(value: unknown): string {
  const text = formatWhole(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

function formatWhole(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return inspect(value);
  try {
    return JSON.stringify(value);
  } catch {
    return inspect(value, { breakLength: Infinity }); // a cycle, a bigint: nothing that an error may fail on
  }
}
