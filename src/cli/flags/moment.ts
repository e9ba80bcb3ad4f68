import { OptionError } from '../../errors/option-error.js';
import { parseMoment } from '../../util/moment.js';
import type { Reader } from './flag.js';

/** A point in time, milliseconds since 1970: `2026-01-31T12:00:00Z`, or how long ago, such as `10m`. */
export const moment: Reader = (value, { option }) => {
  const ms = parseMoment(value, Date.now());
  if (ms !== undefined) return ms;
  throw new OptionError(option, value, 'a time such as 2026-01-31T12:00:00Z, or how long ago, such as 10m');
};
