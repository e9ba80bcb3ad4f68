import { type EngineRequest, planEngineCgroup } from '../../src/cgroup/engine-plan.js';
import type { CgroupFacts } from '../../src/cgroup/types.js';
import type { ConfigError } from '../../src/errors/config-error.js';
import type { CgroupPlan } from '../../src/plan/types.js';
import type { Resources } from '../../src/spec/resources.js';

/** What v2 has there. */
export const ALL = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids', 'rdma'];
export const TOP = { path: '/c', controllers: ALL, needsEvacuation: false, isRoot: true };

/** A host with all of cgroup v2, by root. */
export const UNIFIED: CgroupFacts = {
  layout: {
    mode: 'unified',
    v2: { mount: '/c', root: '/', readonly: false, own: '/c' },
    v1: [],
    named: [],
    disabled: [],
  },
  v2Base: TOP,
  v2Top: TOP,
  v1Base: [],
  v1Top: [],
  hasSwap: true,
};

const V1 = ['cpu', 'cpuset', 'memory', 'pids', 'blkio', 'hugetlb', 'net_cls', 'net_prio', 'rdma', 'devices', 'freezer'];
/** A host with all of cgroup v1 beside an empty v2. */
export const HYBRID: CgroupFacts = {
  ...UNIFIED,
  layout: {
    ...UNIFIED.layout,
    mode: 'hybrid',
    v1: V1.map((name) => ({ mount: `/${name}`, root: '/', readonly: false, controllers: [name] })),
  },
  v2Base: { ...TOP, controllers: [] },
  v2Top: { ...TOP, controllers: [] },
  v1Base: V1.map((name) => ({ controllers: [name], path: `/${name}` })),
  v1Top: V1.map((name) => ({ controllers: [name], path: `/${name}` })),
};

/** The plan of an engine's container at /k/pod/web. */
export function plan(resources: Resources, facts = UNIFIED, request: Partial<EngineRequest> = {}): CgroupPlan {
  return planEngineCgroup({ id: 'web', facts, resources, cgroupsPath: '/k/pod/web', isRootless: false, ...request });
}

/** What an error says about its field. */
export function failure(
  run: () => unknown,
): Pick<ConfigError, 'pointer' | 'value' | 'message'> & { readonly hint: unknown } {
  try {
    run();
  } catch (error) {
    const { pointer, value, message, hint } = error as ConfigError;
    return { pointer, value, message, hint };
  }
  throw new Error('nothing was thrown');
}
