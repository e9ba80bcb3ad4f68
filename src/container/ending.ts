import { OptionError } from '../errors/option-error.js';
import { parseSignal } from '../util/signals.js';

/** What may end a process from outside, and how gently. */
export interface EndingOptions {
  /** Ends it when aborted. */
  readonly signal?: AbortSignal;
  /** Ends it after this many milliseconds. */
  readonly timeout?: number;
  /** What {@link Endable.stop} sends first, and what an abort and a timeout send when there is a grace period. @default 'SIGTERM' */
  readonly stopSignal?: string;
  /**
   * Milliseconds between `stopSignal` and the kill.
   *
   * @default 0 for an abort and a timeout unless `stopSignal` is given, else 10,000
   */
  readonly gracePeriod?: number;
}

/** @throws OptionError for a time or a signal that is none */
export function checkEnding({ timeout, gracePeriod, stopSignal, signal }: EndingOptions): void {
  for (const [option, value] of Object.entries({ timeout, gracePeriod })) {
    if (value !== undefined && !(Number.isFinite(value) && value >= 0 && value <= MAX_TIMEOUT_MS)) {
      throw new OptionError(option, value, `a number of milliseconds, 0–${String(MAX_TIMEOUT_MS)}`);
    }
  }
  if (stopSignal !== undefined && parseSignal(stopSignal) === undefined) {
    throw new OptionError('stopSignal', stopSignal, 'a signal such as SIGTERM');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionError('signal', signal, 'an AbortSignal');
}

/** The longest that setTimeout waits; beyond, it does not wait at all. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** How something is asked to end. */
export interface StopOptions extends Pick<EndingOptions, 'stopSignal' | 'gracePeriod'> {
  /** Ask every process of the container, and not only the main one. @default false */
  readonly allProcesses?: boolean;
}

/** Something that can be asked to end, and made to. */
export interface Endable {
  readonly signal: (signal: string) => unknown;
  readonly kill: () => Promise<unknown>;
  /** Settles once it has ended. */
  readonly ended: Promise<unknown>;
}

/** Ten seconds, as with docker and podman. */
export const DEFAULT_GRACE_MS = 10_000;

/** Why something was ended from outside. */
export interface Verdict {
  timedOut: boolean;
  aborted: boolean;
}

/** Asks to end with a signal, waits for the grace period, then kills. */
export async function stop(target: Endable, { stopSignal = 'SIGTERM', gracePeriod }: EndingOptions): Promise<void> {
  await target.signal(stopSignal);
  const grace = new AbortController();
  const timer = setTimeout(() => {
    grace.abort();
  }, gracePeriod ?? DEFAULT_GRACE_MS);
  await Promise.race([
    target.ended.catch(() => undefined),
    new Promise((resolve) => {
      grace.signal.addEventListener('abort', resolve, { once: true });
    }),
  ]);
  clearTimeout(timer);
  await target.kill();
}

/**
 * Watches the AbortSignal and the clock for as long as the target lives.
 *
 * @param note - called when it is to end, before anything is done about it
 * @returns what ended it, filled in when it happens
 */
export function watchEnding(target: Endable, options: EndingOptions, note?: (reason: keyof Verdict) => void): Verdict {
  const verdict: Verdict = { timedOut: false, aborted: false };
  const end = (reason: keyof Verdict): void => {
    if (verdict.timedOut || verdict.aborted) return;
    verdict[reason] = true;
    note?.(reason);
    const gentle = (options.gracePeriod ?? (options.stopSignal === undefined ? 0 : DEFAULT_GRACE_MS)) > 0;
    // Whoever waits for the end learns of a failed kill there.
    (gentle ? stop(target, options) : target.kill()).catch(() => undefined);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          end('timedOut');
        }, options.timeout);
  const abort = (): void => {
    end('aborted');
  };
  const done = (): void => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  target.ended.then(done, done);
  if (options.signal?.aborted === true) abort();
  return verdict;
}
