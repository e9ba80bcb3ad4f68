import { parseDuration } from './duration.js';

const DAY = /^\d{4}-\d\d-\d\d$/;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.]\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?$/;

/**
 * Reads a point in time: how long ago it was (`10m`, `1h30m`), a date and time as in RFC 3339, in the local time zone where it names
 * none (`2024-11-22`, `2024-11-22T18:00:00Z`), or seconds since 1970, which docker takes as well: nine digits or more.
 *
 * @param now - milliseconds since 1970
 * @returns milliseconds since 1970; `undefined` for what is none
 */
export function parseMoment(text: string, now: number): number | undefined {
  if (/^\d{9,15}(?:[.]\d{1,9})?$/.test(text)) return Number(text) * 1000;
  if (DAY.test(text)) return parseDate(`${text}T00:00:00`);
  if (RFC_3339.test(text)) return parseDate(text.replace(' ', 'T').toUpperCase());
  const age = /^(?:\d+(?:[.]\d+)?(?:ms|s|m|h))+$/.test(text) ? parseParts(text) : parseDuration(text);
  return age === undefined ? undefined : now - age;
}

function parseParts(text: string): number | undefined {
  const parts = (text.match(/[\d.]+[a-z]+/g) ?? []).map((part) => parseDuration(part) ?? NaN);
  const age = parts.reduce((sum, part) => sum + part, 0);
  return Number.isNaN(age) ? undefined : age;
}

// JavaScript takes February 30 for March 1.
function parseDate(text: string): number | undefined {
  const time = Date.parse(text);
  const day = Number(text.slice(8, 10));
  const [year = 0, month = 0] = text.split('-').map(Number);
  return Number.isNaN(time) || day > new Date(Date.UTC(year, month, 0)).getUTCDate() ? undefined : time;
}
