import type { LogQuery } from './types.js';

/** A look at a log, and when it ends. */
export interface Reading {
  readonly query: LogQuery;
  /** What may end a wait. */
  readonly signals: readonly AbortSignal[];
  /** Likewise, milliseconds since 1970. */
  readonly until: number | undefined;
  /** Tells whether all that is wanted is written. */
  readonly isLast: () => boolean;
}

/** @param over - aborted once nothing more will be written @param now - milliseconds since 1970 */
export function createReading(query: LogQuery, over: AbortSignal | undefined, now: () => number = Date.now): Reading {
  const { follow = false, until, signal } = query;
  const signals = [over, signal].filter((each) => each !== undefined);
  const isLast = (): boolean =>
    !follow || signals.some(({ aborted }) => aborted) || (until !== undefined && now() > until);
  return { query, signals, until, isLast };
}
