import { planEngineCgroup } from '../cgroup/engine-plan.js';
import { planCgroup } from '../cgroup/plan.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import { planWithin } from '../cgroup/within-plan.js';
import { ConfigError } from '../errors/config-error.js';
import type { HostFacts } from '../host/facts.js';
import type { CgroupPlan } from '../plan/types.js';
import {
  cgroupDriverOf,
  cgroupParentOf,
  disablesCgroups,
  hasApi,
  isEngines,
  nests,
  weightFormulaOf,
} from '../spec/annotations.js';
import type { Resources } from '../spec/resources.js';
import type { Spec } from '../spec/types.js';
import { withinOf } from '../spec/within.js';
import type { IdPlan } from './context.js';
import { cgroupOwner } from './ids.js';

/**
 * Plans a container's cgroups: for `corral run`, two levels below a parent; for an engine, exactly what its spec says.
 *
 * @throws UnsupportedError, OptionError; ConfigError for an engine's spec
 */
export function compileCgroup(id: string, spec: Spec, facts: HostFacts, ids: IdPlan): CgroupPlan {
  const { resources, cgroupsPath } = spec.linux;
  const owner = (): NonNullable<Parameters<typeof planCgroup>[0]['delegate']> => cgroupOwner(spec.process, ids, facts);
  const within = withinOf(spec);
  if (within !== undefined) return planWithin(within, resources, facts.cgroup);
  if (isEngines(spec) && disablesCgroups(spec)) return planNone(resources);
  if (isEngines(spec))
    return planEngineCgroup({
      id,
      facts: facts.cgroup,
      resources,
      cgroupsPath,
      ...cgroupDriverOf(spec),
      formula: weightFormulaOf(spec),
      isRootless: !facts.caller.privileged || !facts.userns.initial,
      ...(writesCgroups(spec) ? { owner: owner() } : {}),
    });
  const plan = planCgroup({
    id,
    facts: facts.cgroup,
    resources,
    ...cgroupParentOf(spec),
    ...cgroupDriverOf(spec),
    ...(nests(spec) ? { delegate: owner() } : {}),
    ...(hasApi(spec) ? { api: true } : {}),
  });
  // By it the supervisor finds out who asks, and what is theirs.
  if (hasApi(spec) && plan.v2 === undefined) throw new UnsupportedError('api', 'a cgroup of v2 for the container');
  return plan;
}

// Limits are of cgroups. What is empty asks for nothing: engines write sections that are.
function planNone(resources: Resources): CgroupPlan {
  const [asked] = Object.entries<object>({ ...resources }).filter(
    ([name, value]) => name !== 'devices' && !isEmpty(value),
  );
  if (asked === undefined) return { v1: [], flat: true };
  throw new ConfigError(`/linux/resources/${asked[0]}`, asked[1], 'possible with --cgroup-manager disabled');
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

// A cgroup namespace of its own, and a mount of its cgroups that is not read-only. @see config-linux.md "Cgroup ownership"
function writesCgroups({ linux, mounts }: Spec): boolean {
  const isPrivate = linux.namespaces.some(({ type, path }) => type === 'cgroup' && path === undefined);
  const isWritten = mounts.some(
    ({ type, destination, options }) =>
      ['cgroup', 'cgroup2'].includes(type) && destination === '/sys/fs/cgroup' && !options.includes('ro'),
  );
  return isPrivate && isWritten;
}
