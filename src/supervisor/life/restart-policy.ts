import { OptionError } from '../../errors/option-error.js';
import type { RestartPolicy } from '../types.js';

const NAMES = ['no', 'on-failure', 'always', 'unless-stopped'] as const;
const EXPECTED = 'no, on-failure, on-failure:TIMES, always or unless-stopped';

/**
 * Reads a restart policy, as docker and podman write it.
 *
 * @throws OptionError
 */
export function parseRestartPolicy(text: string, option = 'restart'): RestartPolicy {
  const [, word = '', times] = /^([a-z-]+)(?::(\d{1,9}))?$/.exec(text) ?? [];
  const name = NAMES.find((one) => one === word);
  if (name === undefined || (times !== undefined && name !== 'on-failure'))
    throw new OptionError(option, text, EXPECTED);
  return times === undefined ? { name } : { name, maxRetries: Number(times) };
}

/** Writes it the same way. */
export function formatRestartPolicy({ name, maxRetries }: RestartPolicy): string {
  return maxRetries === undefined ? name : `${name}:${String(maxRetries)}`;
}

/** What a restart policy is asked about. */
export interface EndedRun {
  /** `null` where a signal has ended it; `undefined` where nobody knows. */
  readonly exitCode?: number | null | undefined;
  /** Why there is none: its start has failed, or the machine went down. */
  readonly error?: string | undefined;
  /** How many restarts in a row there have been before. */
  readonly restarts: number;
}

/** Tells whether a container is to be started again after its end, which nobody has asked for. */
export function wantsRestart({ name, maxRetries }: RestartPolicy, { exitCode, error, restarts }: EndedRun): boolean {
  if (name === 'no') return false;
  if (name !== 'on-failure') return true;
  const succeeded = error === undefined && exitCode === 0;
  return !succeeded && restarts < (maxRetries ?? Infinity);
}

/**
 * Tells whether a container that was up when the machine went down, or had been stopped before, is started by the first supervisor
 * after the boot.
 */
export function startsAtBoot({ name }: RestartPolicy, wasUp: boolean): boolean {
  return name === 'always' || (wasUp && name !== 'no');
}

/** The first back-off, and the longest, in milliseconds: as docker's. */
const FIRST_MS = 100;
const LONGEST_MS = 60_000;

/** A run of that length was a success: the next back-off is the first again. */
const STEADY_MS = 10_000;

/** Tells whether a run has lasted long enough for its end to be the first of a new row. */
export function wasSteady(durationMs: number): boolean {
  return durationMs >= STEADY_MS;
}

/**
 * Returns how long to wait before a restart, in milliseconds: 100 ms, and twice as much each time up to a minute, a fifth more or
 * less, so that those that have ended together do not start together.
 *
 * @param restarts - how many there have been in a row
 * @param random - 0–1
 */
export function backOff(restarts: number, random: number): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(restarts, 20));
  return Math.round(base * (0.8 + 0.4 * random));
}
