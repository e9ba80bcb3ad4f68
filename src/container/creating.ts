import { refFromPlan } from '../cgroup/ref.js';
import { ContainerError } from '../errors/container-error.js';
import { defined } from '../util/defined.js';
import type { EndingOptions } from './ending.js';
import { readIdentity } from './identity.js';
import type { Prepared } from './prepare.js';
import type { State } from './state.js';

/** Returns the first state of a container, before anything of it is made. @throws ContainerError where /proc is missing */
export function creatingState(
  { id, spec, placement: { idMaps, cgroup } }: Prepared,
  { stopSignal, gracePeriod }: EndingOptions = {},
): State {
  const stop = defined({ stopSignal, gracePeriod });
  return {
    version: 1,
    id,
    status: 'creating',
    createdAt: new Date().toISOString(),
    owner: ownIdentity(),
    spec,
    ...(idMaps === undefined ? {} : { idMaps }),
    cgroup: refFromPlan(cgroup, id),
    ...(Object.keys(stop).length === 0 ? {} : { stop }),
  };
}

let own: State['owner'] | undefined;

/** Returns the identity of this process. @throws ContainerError where /proc is missing */
export function ownIdentity(): State['owner'] {
  own ??= readIdentity(process.pid);
  if (own === undefined) throw new ContainerError('read /proc/self/stat: is /proc mounted?', 'ERR_UNSUPPORTED');
  return own;
}
