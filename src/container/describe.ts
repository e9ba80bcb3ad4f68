import { isFrozen } from '../cgroup/freeze.js';
import { listProcesses } from '../cgroup/processes.js';
import { hasCgroup } from '../cgroup/ref.js';
import { readStats } from '../cgroup/stats.js';
import { StateError } from '../errors/state-errors.js';
import { labelsOf } from '../spec/annotations.js';
import { isAlive } from './identity.js';
import type { ContainerInfo, Status } from './info.js';
import { listFamily } from './one-by-one.js';
import type { State } from './state.js';

/** Returns what a list of containers shows of one. */
export function describeState(state: State): ContainerInfo {
  const { id, init, spec, createdAt, cgroup } = state;
  const alive = isInitAlive(state);
  return {
    id,
    status: selectStatus(state, alive),
    ...(alive && init !== undefined ? { pid: init.pid } : {}),
    command: spec.process.args,
    labels: labelsOf(spec),
    createdAt,
    processes:
      alive && init !== undefined && !hasCgroup(cgroup) ? listFamily(init.pid).length : listProcesses(cgroup).length,
    stats: readStats(cgroup),
  };
}

/**
 * Checks that a container has a first process, whether or not its owner is alive.
 *
 * @param action - what cannot be done otherwise: `signal`
 * @throws StateError
 */
export function checkAlive(action: string, state: State): void {
  const alive = isInitAlive(state);
  if (alive && state.status !== 'creating') return;
  throw new StateError(action, state.id, selectStatus(state, alive));
}

function isInitAlive({ init }: State): boolean {
  return init !== undefined && isAlive(init);
}

function selectStatus(state: State, alive: boolean): Status {
  if (!isAlive(state.owner)) return 'abandoned';
  if (state.status === 'creating') return 'creating';
  if (!alive) return 'stopped';
  return isFrozen(state.cgroup) ? 'paused' : 'running';
}
