import { InvalidArgumentError } from 'commander';

/** In milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;
/** What a timer takes, timers(3): a larger one would be at once. */
const MOST = 0x7fff_ffff;

/**
 * Reads a time as programs in Go do: `5s`, `1m30s`, `1.5h`.
 *
 * @returns milliseconds, 1 and more
 * @throws InvalidArgumentError
 */
export function parseGoTime(value: string): number {
  const parts = [...value.matchAll(PART)];
  const isWhole = parts.map(([part]) => part).join('') === value;
  const milliseconds = parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? NaN), 0);
  if (isWhole && milliseconds > 0 && milliseconds <= MOST) return Math.max(1, milliseconds);
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not a time such as 5s, greater than 0.`);
}
