import { setTimeout as delay } from 'node:timers/promises';
import { NotFoundError } from '../errors/state-errors.js';
import { checkAlive } from './describe.js';
import { DEFAULT_GRACE_MS, type StopOptions, checkEnding } from './ending.js';
import { isAlive } from './identity.js';
import { readSignal, signalEvery, signalMain, thawIfPaused } from './signalling.js';
import type { Store } from './store.js';
import { type EndReport, waitForEnd } from './wait.js';

/** How a container that was asked to end did so. */
export interface StopReport extends EndReport {
  /** How many processes were asked. */
  readonly signalled: number;
  /** It had not ended when the grace period was over, and was killed. */
  readonly killed: boolean;
}

/** How a container is stopped, and who is told. */
export interface StopRequest extends StopOptions {
  /** Is told once it has been asked, with the milliseconds until the kill. */
  readonly onAsked?: (graceMs: number) => void;
}

/** What {@link stopContainer} works with. */
export interface StopContext {
  readonly store: Store;
  /** Kills it whole, and clears it away where its owner is dead. */
  readonly kill: () => Promise<unknown>;
  /** It has been asked, and will be killed in so many milliseconds. */
  readonly onAsked?: ((graceMs: number) => void) | undefined;
}

/**
 * Asks a container to end, and kills it when it has not after the grace period. One that is paused goes on, to be able to.
 *
 * @throws NotFoundError, StateError; OptionError for a signal or a time that is none
 */
export async function stopContainer(id: string, options: StopOptions, context: StopContext): Promise<StopReport> {
  checkEnding(options);
  const state = context.store.get(id);
  checkAlive('stop', state);
  const signal = readSignal(options.stopSignal ?? state.stop?.stopSignal ?? 'SIGTERM', 'stopSignal');
  const graceMs = options.gracePeriod ?? state.stop?.gracePeriod ?? DEFAULT_GRACE_MS;
  const over = new AbortController();
  // Before it is asked: it may end at once.
  const ending = waitForEnd(context.store, id, { signal: over.signal });
  try {
    const signalled =
      options.allProcesses === true ? (await signalEvery(state, signal)).processes : Number(signalMain(state, signal));
    thawIfPaused(state);
    context.onAsked?.(graceMs);
    const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
    const ended = await Promise.race([ending, grace]);
    // Where it has ended, the name may be another's by now; but an owner that has died clears nothing away.
    if (ended === undefined || !isAlive(state.owner)) await context.kill().catch(unlessNotFound);
    return { ...(ended ?? (await ending)), signalled, killed: ended === undefined };
  } finally {
    over.abort();
    ending.catch(() => undefined);
  }
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}
