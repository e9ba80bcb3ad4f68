import { NotFoundError } from '../errors/state-errors.js';
import { eitherSignal } from '../util/either-signal.js';
import type { AwaitedState } from './awaited-state.js';
import { type ProcessIdentity, isAlive, openProcess } from './identity.js';
import { type ContainerResult, parseWaitStatus } from './result.js';
import type { State } from './state.js';
import type { Store } from './store.js';
import { Traces, openReport } from './traces.js';

/**
 * What is known of how a container ended to somebody who is not its owner: all of it where the owner was there to tell;
 * otherwise how its first process ended, or nothing but that it did.
 */
export interface EndReport extends Partial<ContainerResult> {
  readonly id: string;
}

/** How {@link waitForEnd} waits. */
export interface WaitOptions {
  /** Ends the wait, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for the end of a container, whoever its owner is: until nothing of it is left, or, where its owner has died, until its
 * first process has ended.
 *
 * The owner tells how it ended, or whoever has taken the container over from it. Where nobody can any more, what it has left
 * tells: see {@link Traces}.
 *
 * @throws NotFoundError
 */
export async function waitForEnd(store: Store, id: string, { signal }: WaitOptions = {}): Promise<EndReport> {
  signal?.throwIfAborted();
  using file = store.await(id);
  // Awaited here: the file is open until then.
  return await awaitEnd(file, id, signal);
}

/** The same for a state that has been opened, and whose owner knows that somebody waits. */
export async function awaitEnd(file: AwaitedState, id: string, signal: AbortSignal | undefined): Promise<EndReport> {
  const state = readState(file, id);
  // Now, as long as they are there: afterwards nobody could find out.
  using early = openTraces(state, file);
  const ending = await untilTold(file, state.owner, signal);
  if (ending !== undefined) return { id, ...ending };
  // It may have come up only since: then its owner has died, and what it left tells more.
  const later = readState(file, id);
  using late = state.init === undefined && later.init !== undefined ? openTraces(later, file) : undefined;
  const status = await (late ?? early).untilEnd(signal);
  const told = await untilSuccessorTold(file, state, signal);
  return { id, ...(told ?? (status === undefined ? {} : parseWaitStatus(status))) };
}

function openTraces({ init }: State, file: AwaitedState): Traces {
  const report = openReport(file.reportPath);
  // Once the state is removed, the report may be that of another container of the name.
  if (file.isRemoved) report?.close();
  return new Traces(init, file.isRemoved ? undefined : report);
}

// Somebody may have taken the container over since: then there is an owner again, who knows all of it.
async function untilSuccessorTold(
  file: AwaitedState,
  { owner }: State,
  signal: AbortSignal | undefined,
): Promise<ContainerResult | undefined> {
  const successor = file.read()?.owner;
  if (successor === undefined || successor.pid === owner.pid || !isAlive(successor)) return undefined;
  return untilTold(file, successor, signal);
}

function readState(file: AwaitedState, id: string): State {
  const state = file.read();
  if (state === undefined) throw new NotFoundError(id);
  return state;
}

/** Waits for the owner's last words. @returns `undefined` when there will be none */
async function untilTold(
  file: AwaitedState,
  owner: ProcessIdentity,
  signal: AbortSignal | undefined,
): Promise<ContainerResult | undefined> {
  using pidfd = openProcess(owner);
  if (pidfd === undefined) return file.read()?.ending;
  const over = new AbortController();
  using either = eitherSignal(over.signal, ...(signal === undefined ? [] : [signal]));
  const death = pidfd.untilExit(either).catch(unlessAborted(either.signal));
  const told = file.untilTold(either.signal);
  try {
    await Promise.race([told, death]);
  } finally {
    over.abort();
    await Promise.allSettled([told, death]);
  }
  signal?.throwIfAborted();
  return file.read()?.ending;
}

function unlessAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
