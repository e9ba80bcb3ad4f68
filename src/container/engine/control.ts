import { freezeCgroup, isFrozen, thawCgroup } from '../../cgroup/freeze.js';
import { listProcessesBelow } from '../../cgroup/processes.js';
import { hasCgroup } from '../../cgroup/ref.js';
import { StateError } from '../../errors/state-errors.js';
import { checkHeld } from '../describe.js';
import { listFamily } from '../one-by-one.js';
import type { State } from '../state.js';
import type { Store } from '../store.js';
import { readStatus } from './status.js';

/** Stops all processes of a container in their tracks. @throws NotFoundError; StateError unless it is created or running */
export async function pauseEngineContainer(store: Store, id: string): Promise<void> {
  const state = store.get(id);
  checkHeld('pause', state);
  const status = readStatus(store, state);
  if (!['created', 'running'].includes(status)) throw new StateError('pause', id, status);
  await freezeCgroup(state.cgroup);
}

/** Lets them go on. @throws NotFoundError; StateError unless it is paused */
export function resumeEngineContainer(store: Store, id: string): void {
  const state = store.get(id);
  checkHeld('resume', state);
  if (!isFrozen(state.cgroup)) throw new StateError('resume', id, readStatus(store, state));
  thawCgroup(state.cgroup);
}

/** Returns the processes of a container, in the caller's pid namespace. @throws NotFoundError */
export function listEngineProcesses(store: Store, id: string): readonly number[] {
  return listProcesses(store.get(id));
}

function listProcesses({ cgroup, init }: State): readonly number[] {
  if (!hasCgroup(cgroup)) return init === undefined ? [] : listFamily(init.pid);
  const path = cgroup.v2?.path ?? cgroup.v1[0]?.path;
  return path === undefined ? [] : listProcessesBelow(path);
}
