import { isFrozen } from '../cgroup/freeze.js';
import { hasCgroup } from '../cgroup/ref.js';
import { type Stats, type StatsOptions, readStats } from '../cgroup/stats.js';
import { StateError } from '../errors/state-errors.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import { isSupervised, labelsOf } from '../spec/annotations.js';
import { isAlive } from './identity.js';
import type { ContainerInfo, Status } from './info.js';
import { listFamily } from './one-by-one.js';
import type { State } from './state.js';

/** Returns what a list of containers shows of one. @param how - how much is read of what it uses */
export function describeState(state: State, how: StatsOptions = {}): ContainerInfo {
  const { id, init, spec, createdAt } = state;
  const alive = isInitAlive(state);
  const stats = readFigures(state, how);
  return {
    id,
    status: selectStatus(state, alive, () => stats.frozen),
    ...(alive && init !== undefined ? { pid: init.pid } : {}),
    command: spec.process.args,
    labels: labelsOf(spec),
    createdAt,
    processes: stats.processes,
    stats,
  };
}

/** Reads what a container uses; of one without a cgroup only how many processes there are can be told. */
export function readFigures({ cgroup, init }: State, how: StatsOptions = {}): Stats {
  const stats = readStats(cgroup, how);
  if (hasCgroup(cgroup) || init === undefined || !isAlive(init)) return stats;
  return { ...stats, processes: listFamily(init.pid).length };
}

/**
 * Checks that a container has a cgroup, by which it can be held.
 *
 * @param action - what cannot be done otherwise: `pause`
 * @throws UnsupportedError
 */
export function checkHeld(action: string, { id, cgroup }: State): void {
  if (hasCgroup(cgroup)) return;
  throw new UnsupportedError(`${action} ${JSON.stringify(id)}`, 'a cgroup', {
    hint: 'it was started where none could be made',
  });
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

// That the owner is dead says nothing of a supervisor's container: the next supervisor takes it over.
function selectStatus(state: State, alive: boolean, frozen = (): boolean => isFrozen(state.cgroup)): Status {
  if (!isSupervised(state.spec) && !isAlive(state.owner)) return 'abandoned';
  if (state.status === 'creating') return 'creating';
  if (!alive) return 'stopped';
  return frozen() ? 'paused' : 'running';
}
