import type { HookError } from '../../errors/hook-error.js';
import { NotFoundError, StateError } from '../../errors/state-errors.js';
import { SIGNALS } from '../../util/signals.js';
import { claimAbandoned } from '../clearing.js';
import { readSignal, signalEvery, signalMain, thawIfPaused } from '../signalling.js';
import type { State } from '../state.js';
import type { Store } from '../store.js';
import { destroyContainer } from './destroy.js';
import { readStatus } from './status.js';

/** How {@link killEngineContainer} kills. */
export interface KillHow {
  /** The signal goes to every process, and that of a container which has ended is no error. */
  readonly all?: boolean;
}

/** @see kill(2) */
const NO_SIGNAL = '0';

/**
 * Sends a signal to a container's first process, or with `all` to every one.
 *
 * SIGKILL of a container without a pid namespace of its own goes to all of its processes in any case: nothing else would end them.
 *
 * @param signal - `0` sends none, and fails where one would have
 * @throws NotFoundError; StateError unless it is created, running or paused; OptionError when there is no such signal
 * @see runtime-spec 1.3.0, runtime.md "Kill"
 */
export async function killEngineContainer(
  store: Store,
  id: string,
  signal: string,
  { all = false }: KillHow,
): Promise<void> {
  const state = store.get(id);
  const number = signal === NO_SIGNAL ? 0 : readSignal(signal);
  const stopped = readStatus(store, state) === 'stopped';
  if (stopped && !all) throw new StateError('kill', id, 'stopped');
  if (number === 0) return;
  if (all || (number === SIGNALS.SIGKILL && !hasOwnPids(state))) await signalEvery(state, number);
  else if (!signalMain(state, number)) throw new StateError('kill', id, 'stopped');
  // In the freezer of cgroup v1 even SIGKILL waits.
  else if (number === SIGNALS.SIGKILL) thawIfPaused(state);
}

function hasOwnPids({ spec }: State): boolean {
  return spec.linux.namespaces.some(({ type, path }) => type === 'pid' && path === undefined);
}

/**
 * Removes what there is of a container, and runs its poststop hooks. One that was never started is killed, and so is, with
 * `force`, one that runs.
 *
 * @returns why hooks have failed, which is no error
 * @throws NotFoundError; StateError for one that runs; CgroupError
 * @see runtime-spec 1.3.0, runtime.md "Delete"
 */
export async function deleteEngineContainer(
  store: Store,
  id: string,
  { force }: { readonly force: boolean },
): Promise<readonly HookError[]> {
  const state = await getOrForget(store, id);
  const status = readStatus(store, state);
  if (!force && !['created', 'stopped'].includes(status)) throw new StateError('delete', id, status);
  const owned = await claimAbandoned(store, id);
  if (owned === undefined) {
    // Somebody else has deleted it meanwhile, unless it is only being made.
    if (store.read(id) === undefined) throw new NotFoundError(id);
    throw new StateError('delete', id, status);
  }
  return destroyContainer(owned, state);
}

// Whoever dies in the very beginning of a creation leaves the name taken, and nothing else.
async function getOrForget(store: Store, id: string): Promise<State> {
  try {
    return store.get(id);
  } catch (error) {
    if (error instanceof NotFoundError) (await claimAbandoned(store, id))?.remove();
    throw error;
  }
}
