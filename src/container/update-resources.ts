import { hasCgroup } from '../cgroup/ref.js';
import { updateScope } from '../cgroup/systemd/update.js';
import { withoutUnset } from '../cgroup/unset.js';
import { updateCgroup } from '../cgroup/update.js';
import { ConfigError } from '../errors/config-error.js';
import { weightFormulaOf } from '../spec/annotations.js';
import { mergeResources } from '../spec/merge-resources.js';
import type { Resources } from '../spec/resources.js';
import type { LimitChange, State } from './state.js';

/** Errors name the fields of a document that is nothing but the resources: `/memory/limit`. */
const ENGINE = { pointer: '' };

/** What {@link updateResources} needs to know of the caller. */
export interface UpdateContext {
  /** It cannot be expected to rule over devices: it is not root, or in a user namespace. */
  readonly isRootless: boolean;
  /** Adds the change to the state, once it is in force. */
  readonly note: (change: LimitChange) => void;
}

/**
 * Changes the limits of an engine's running container: all that are given, or, when one is refused, none. What means "not
 * set" in a config.json (a 0, an empty list of CPUs) leaves a limit as it is; memory without a limit is swap without one, too,
 * unless that is said. Rules of devices take the place of those before, with the default ones after them.
 *
 * @param given - the JSON that `update --resources` reads
 * @throws ConfigError naming a field of it, for what makes no sense, the kernel refuses, or this host has not got
 * @throws ContainerError with what systemd says about its scope
 * @see opencontainers/runc update.go
 */
export async function updateResources(
  { cgroup, spec }: State,
  given: Resources,
  { isRootless, note }: UpdateContext,
): Promise<void> {
  if (!hasCgroup(cgroup)) throw new ConfigError('', given, 'possible for a container without a cgroup');
  const change = withUnlimitedSwap(withoutUnset(given));
  const { memory } = mergeResources(withoutUnset(spec.linux.resources), change);
  const formula = weightFormulaOf(spec);
  const controllers = updateCgroup(cgroup, { given: change, memory, engine: ENGINE, formula, isRootless });
  note({ resources: change, controllers });
  if (cgroup.scope === undefined) return;
  const properties = change.memory && memory ? { ...change, memory } : change;
  await updateScope(cgroup.scope, properties, { engine: ENGINE, formula });
}

function withUnlimitedSwap(given: Resources): Resources {
  const { memory } = given;
  return memory?.limit === -1 && memory.swap === undefined ? { ...given, memory: { ...memory, swap: -1 } } : given;
}
