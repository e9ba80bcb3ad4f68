import { OptionError } from '../../errors/option-error.js';
import { formatDuration } from '../../util/duration.js';
import type { Flag } from './flag.js';
import { duration } from './readers.js';

const DEFAULT_MS = 1000;
const MIN_MS = 100;

/** How often something is looked at. */
export const INTERVAL = {
  flags: '--interval <TIME>',
  help: 'time between two looks, from 100ms on (default: 1s)',
  group: 'How often',
  read: duration,
} as const satisfies Flag;

/** Returns the time between two looks, in milliseconds. @throws OptionError for one that is too short */
export function readInterval(given: number | undefined): number {
  if (given !== undefined && given < MIN_MS) throw new OptionError('interval', formatDuration(given), 'at least 100ms');
  return given ?? DEFAULT_MS;
}
