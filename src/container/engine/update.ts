import type { Resources } from '../../spec/resources.js';
import { StateError } from '../../errors/state-errors.js';
import { readHostFacts } from '../../host/read-facts.js';
import type { Store } from '../store.js';
import { updateResources } from '../update-resources.js';
import { readStatus } from './status.js';

/**
 * Changes the limits of a container: all that are given, or, when one is refused, none.
 *
 * @throws NotFoundError; StateError for one that has ended; ConfigError naming the field that is refused
 */
export async function updateEngineContainer(store: Store, id: string, given: Resources): Promise<void> {
  const state = store.get(id);
  const status = readStatus(store, state);
  if (status === 'stopped' || status === 'creating') throw new StateError('update', id, status);
  const { caller, userns } = readHostFacts({ paths: [], cwd: '/' });
  await updateResources(state, given, {
    isRootless: !caller.privileged || !userns.initial,
    note: (update) => {
      store.add(id, { update }, (current) => current.createdAt === state.createdAt);
    },
  });
}
