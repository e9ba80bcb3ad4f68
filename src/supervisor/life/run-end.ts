import type { ContainerRecord, RecordChange } from '../record/record.js';
import { wasSteady } from './restart-policy.js';
import type { RunResult } from '../run/runner.js';
import type { RunEnd } from '../types.js';

/** What is known of an end besides its result. */
export interface EndCircumstances {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Why there is no exit code, in words. */
  readonly error?: string | undefined;
  /** Somebody has killed it past the supervisor. */
  readonly killed: boolean;
}

/** Returns what is noted of the end of a run, in one line: how it ended, and whether it is to have another all the same. */
export function noteEnd(
  { run, startedAt = '', ending, restarts, paused }: ContainerRecord,
  result: RunResult,
  { now, error, killed }: EndCircumstances,
): RecordChange {
  const endedAt = new Date(now).toISOString();
  const lastEnd: RunEnd = {
    ...result,
    ...(ending?.timedOut === true ? { timedOut: true } : {}),
    run,
    startedAt,
    endedAt,
    ...(error === undefined ? {} : { error }),
  };
  const wasAsked = (ending ?? null) !== null;
  return {
    lastEnd,
    ending: null,
    ...(paused === true ? { paused: false } : {}),
    // The end was half of it.
    ...(ending?.restart === true ? { nextStart: endedAt } : {}),
    ...(restarts > 0 && wasSteady(now - Date.parse(startedAt)) ? { restarts: 0 } : {}),
    ...(killed && !wasAsked ? { desired: 'down' } : {}),
  };
}
