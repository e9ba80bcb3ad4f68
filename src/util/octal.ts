/**
 * Reads three octal digits at most: `022`, `0o022`, `22`.
 *
 * @returns 0–511, or `undefined` when `text` is something else
 */
export function parseOctal(text: string): number | undefined {
  return /^(0o|0)?[0-7]{1,3}$/.test(text) ? parseInt(text.replace(/^0o/, ''), 8) : undefined;
}
