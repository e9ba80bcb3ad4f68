import { UnsupportedError } from '../errors/unsupported-error.js';
import type { CgroupPlan } from '../plan/types.js';
import type { Resources } from '../spec/resources.js';
import type { Within } from '../spec/within.js';
import { HANDED, selectControllers } from './resources.js';
import type { CgroupFacts } from './types.js';
import { API_BOUNDS } from './plan.js';
import { listWrites } from './writes.js';

/**
 * Plans the cgroups of a container that was asked for from inside another one: below the cgroup of whoever asks, with the
 * controllers that this hands down. It is the owner's, who may make others below it.
 *
 * @throws UnsupportedError for a limit whose controller is not handed down
 */
export function planWithin(
  { base, directory, controllers, v1, owner, around }: Within,
  resources: Resources,
  facts: CgroupFacts,
): CgroupPlan {
  const asked = selectControllers(resources);
  const missing = asked.find((name) => !controllers.includes(name));
  if (missing !== undefined)
    throw new UnsupportedError(`${missing} limit`, `the ${missing} controller in your own cgroup`, {
      hint: 'GET /v1/cgroups/controllers says what there is, and why not more',
    });
  const path = `${base}/${directory}`;
  return {
    v2: {
      base,
      path,
      payload: `${path}/payload`,
      enable: controllers.length === 0 ? [] : [{ path: base, controllers }],
      writes: [...asked.flatMap((controller) => listWrites(2, controller, resources, facts)), ...API_BOUNDS],
      delegate: { ...owner, controllers: HANDED.filter((name) => controllers.includes(name)) },
    },
    v1: [],
    ...(v1.length === 0 ? {} : { also: v1 }),
    ...(around && { around }),
  };
}
