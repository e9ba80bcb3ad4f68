import type { LifeEvent } from './life-cycle.js';
import { type ContainerRecord, type RecordChange, isOpen } from '../record/record.js';
import { startsAtBoot, wantsRestart } from './restart-policy.js';

/** What a supervisor does about a container of a dead one's that does not run. `wait`: so many milliseconds, or a back-off. */
export type NextStep =
  | { readonly kind: 'remove' }
  | { readonly kind: 'start' }
  | { readonly kind: 'wait'; readonly ms?: number }
  | { readonly kind: 'stay' };

/** Returns what was being done to a container that still runs, when its supervisor died. */
export function interruptedEvent({ removing, ending }: ContainerRecord): LifeEvent | undefined {
  if (removing === true) return 'remove';
  if (ending === undefined || ending === null) return undefined;
  if (ending.restart === true) return 'restart';
  return ending.timedOut === true ? 'expired' : 'stop';
}

/** The boot that a supervisor is of, and its time, milliseconds since 1970. */
export interface Moment {
  readonly bootId: string;
  readonly now: number;
}

/**
 * Tells whether its last run was begun before the machine was booted. So was one that was to begin at once, as far as anybody knows:
 * with the power goes what was written last.
 */
export function isOfEarlierBoot({ run, bootId, desired }: ContainerRecord, here: Pick<Moment, 'bootId'>): boolean {
  if (run > 0) return bootId !== here.bootId;
  return desired === 'up' && bootId !== undefined && bootId !== here.bootId;
}

/** Returns what is to become of a container that does not run. Its last run is open only where its start was lost. */
export function nextStep(record: ContainerRecord, here: Moment): NextStep {
  const { removing, run, desired, nextStart, options } = record;
  const { restart } = options.supervision;
  if (removing === true) return { kind: 'remove' };
  if (isOfEarlierBoot(record, here)) {
    const starts = typeof nextStart === 'string' || startsAtBoot(restart, desired === 'up');
    return { kind: starts ? 'start' : 'stay' };
  }
  if (desired === 'down') return { kind: 'stay' };
  // Its start had not come far enough to count.
  if (run === 0 || isOpen(record)) return { kind: 'start' };
  if (typeof nextStart === 'string') return { kind: 'wait', ms: Math.max(0, Date.parse(nextStart) - here.now) };
  return wantsAnother(record) ? { kind: 'wait' } : { kind: 'stay' };
}

/** Returns what is noted of a run whose start was lost: it has never been, and the next one has its number. */
export function takeBack({ run }: ContainerRecord, { kind }: NextStep): RecordChange {
  // Whoever dies before that has begun leaves one that is due.
  return { run: run - 1, ...(kind === 'start' ? { nextStart: new Date().toISOString() } : {}) };
}

/** Tells whether a container whose run has ended is to have another, without anybody asking. */
export function wantsAnother({ desired, lastEnd, options, restarts }: ContainerRecord): boolean {
  return desired === 'up' && wantsRestart(options.supervision.restart, { ...lastEnd, restarts });
}
