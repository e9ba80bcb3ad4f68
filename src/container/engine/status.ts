import { isFrozen } from '../../cgroup/freeze.js';
import { hasCgroup } from '../../cgroup/ref.js';
import { bundleOf } from '../../spec/annotations.js';
import { type EngineState, type EngineStatus, toEngineState } from '../../spec/state.js';
import { isAlive } from '../identity.js';
import type { State } from '../state.js';
import { startPath } from '../state-file.js';
import type { Store } from '../store.js';
import { isWaiting } from './start-file.js';

/**
 * Returns where a container is in its life. Nothing is noted anywhere but that it was created: what is there tells the rest,
 * whichever process of corral's has died at which moment.
 */
export function readStatus(store: Store, state: State): EngineStatus {
  const { id, init, status, cgroup } = state;
  if (init === undefined || status === 'creating') return isAlive(state.owner) ? 'creating' : 'stopped';
  if (!isAlive(init)) return 'stopped';
  if (hasCgroup(cgroup) && isFrozen(cgroup)) return 'paused';
  return isWaiting(startPath(store.path(id))) ? 'created' : 'running';
}

/** Returns a container's state, for hooks and engines. */
export function readEngineState(store: Store, state: State): EngineState {
  const status = readStatus(store, state);
  return describeAs(state, status, status === 'stopped' ? undefined : state.init?.pid);
}

/** Returns it with the status that a hook is to be told. @param pid - in the hook's pid namespace; absent: it has ended */
export function describeAs(
  { id, spec }: Pick<State, 'id' | 'spec'>,
  status: EngineStatus,
  pid: number | undefined,
): EngineState {
  const { ociVersion, annotations } = spec;
  return toEngineState({
    ociVersion,
    id,
    status,
    ...(pid === undefined ? {} : { pid }),
    bundle: bundleOf(spec),
    annotations,
  });
}
