import { parseSignal, signalName } from '../../util/signals.js';
import { OptionError } from '../../errors/option-error.js';
import { parseDuration } from '../../util/duration.js';
import { parseOctal } from '../../util/octal.js';
import type { Reader } from './flag.js';

/** The text as it is: what it may say is checked where the option is read. */
export const text: Reader = (value) => value;

/** One more of a flag that may be given many times. */
export const list: Reader = (value, { before }) => [...((before as readonly string[] | undefined) ?? []), value];

/** A whole number; its range is checked where the option is read. */
export const integer: Reader = (value, { option }) => {
  if (/^-?\d+$/.test(value)) return Number(value);
  throw new OptionError(option, value, 'a whole number');
};

/** A file mode creation mask in octal: `022`, `0o022`. */
export const octal: Reader = (value, { option }) => {
  const mask = parseOctal(value);
  if (mask !== undefined) return mask;
  throw new OptionError(option, value, 'an octal mask such as 022');
};

/** The longest that a timer waits. */
const MAX_MS = 2 ** 31 - 1;

/** A time such as `10s`, in milliseconds. */
export const duration: Reader = (value, { option }) => {
  const ms = parseDuration(value);
  if (ms !== undefined && ms <= MAX_MS) return ms;
  throw new OptionError(option, value, 'a time such as 500ms, 10s, 1.5m or 2h, at most 596h');
};

/** `KEY=VALUE`, or `KEY` for the value that the caller's environment has. */
export const variable: Reader = (value, { before }) => {
  const equals = value.indexOf('=');
  return add(before, equals < 0 ? [value, undefined] : [value.slice(0, equals), value.slice(equals + 1)]);
};

/** `KEY=VALUE`, or `KEY` for an empty value. */
export const label: Reader = (value, { before }) => {
  const equals = value.indexOf('=');
  return add(before, equals < 0 ? [value, ''] : [value.slice(0, equals), value.slice(equals + 1)]);
};

/** `KEY=VALUE`. */
export const pair: Reader = (value, { option, before }) => {
  const equals = value.indexOf('=');
  if (equals <= 0) throw new OptionError(option, value, 'of the form KEY=VALUE');
  return add(before, [value.slice(0, equals), value.slice(equals + 1)]);
};

function add(before: unknown, [key, value]: readonly [string, string | undefined]): object {
  return { ...(before as object | undefined), [key]: value };
}

/** A signal, by name or number; its name. */
export const signal: Reader = (value, { option }) => {
  const number = parseSignal(value);
  if (number === undefined) throw new OptionError(option, value, 'a signal such as TERM');
  return signalName(number);
};
