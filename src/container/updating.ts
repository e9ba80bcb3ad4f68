import { type Limits, readLimits } from '../cgroup/limits.js';
import { hasCgroup } from '../cgroup/ref.js';
import { updateScope } from '../cgroup/systemd/update.js';
import { updateCgroup } from '../cgroup/update.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import { mergeResources } from '../spec/merge-resources.js';
import type { UpdateOptions } from '../spec/options.js';
import { checkUpdate, parseUpdate } from '../spec/parse/update.js';
import type { Resources } from '../spec/resources.js';
import { type LimitChange, type State, applyChange } from './state.js';
import { surroundings } from './surroundings.js';

/**
 * Reads limits that are to be changed, against this process's own devices.
 *
 * @throws OptionError for a value that makes no sense, or when there is none
 */
export function readUpdate(options: UpdateOptions): Resources {
  return parseUpdate(options, surroundings(undefined).device);
}

/**
 * Changes the limits of a running container: all that are given, or, when one is refused, none.
 *
 * @param note - adds the change to the state, once it is in force
 * @returns the limits that are in force then
 * @throws OptionError, UnsupportedError, CgroupError; ContainerError with what systemd says about its scope
 */
export async function updateContainer(
  state: State,
  options: UpdateOptions,
  note: (change: LimitChange) => void,
): Promise<Limits> {
  const { id, cgroup, spec } = state;
  const given = readUpdate(options);
  const current = spec.linux.resources;
  checkUpdate(current, given, options);
  if (!hasCgroup(cgroup)) {
    const hint = 'it was started where none could be made';
    throw new UnsupportedError(`update ${JSON.stringify(id)}`, 'a cgroup', { hint });
  }
  const { memory } = mergeResources(current, given);
  const controllers = updateCgroup(cgroup, { given, memory });
  const change = { resources: given, controllers };
  note(change);
  // Of the two, the lower one counts: what is raised is in force only after this.
  if (cgroup.scope !== undefined)
    await updateScope(cgroup.scope, given.memory && memory ? { ...given, memory } : given);
  return readLimits(applyChange(state, { update: change }).cgroup ?? cgroup);
}
