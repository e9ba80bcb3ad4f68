import type { CgroupRef } from '../cgroup/types.js';
import type { Usage } from '../cgroup/usage.js';
import type { IdMapPlan } from '../plan/types.js';
import { mergeResources } from '../spec/merge-resources.js';
import type { Spec } from '../spec/types.js';
import type { Resources } from '../spec/resources.js';
import type { EndingOptions, Verdict } from './ending.js';
import type { ProcessIdentity } from './identity.js';
import type { ContainerResult, MainExit } from './result.js';

/** What a state file holds: enough to find, enter, kill and clear away a container after any crash. */
export interface State {
  readonly version: 1;
  readonly id: string;
  /** `creating`: the launch is under way, or died under way. `created`: it waits for the start that an engine gives. */
  readonly status: 'creating' | 'created' | 'running';
  /** Of such a container: the indexes of the step that waits, and of the last. */
  readonly startStep?: number;
  readonly execStep?: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** The process that waits for the container and clears up after it. */
  readonly owner: ProcessIdentity;
  /** The container's first process; absent while creating. */
  readonly init?: ProcessIdentity;
  readonly spec: Spec;
  readonly idMaps?: IdMapPlan;
  readonly cgroup: CgroupRef;
  /** How it wants to be asked to end, where its maker said so. */
  readonly stop?: Pick<EndingOptions, 'stopSignal' | 'gracePeriod'>;
  /** Left for the owner by whoever else has killed the container. */
  readonly lastUsage?: LastUsage;
  /** How often its limits have been changed; absent: never. */
  readonly updates?: number;
  /** Somebody has set out to kill it: for those who watch. */
  readonly killed?: true;
  /** It was paused, or resumed: for those who watch, where there is only the v1 freezer, which tells nobody. */
  readonly frozen?: boolean;
  /** Of a supervisor's: why it is being ended, for whoever takes it over. */
  readonly verdict?: keyof Verdict;
  /** Of a supervisor's: how its first process ended, once its owner knew that. */
  readonly exit?: MainExit;
  /** Left for the owner by whoever waits for its end: see awaited-state.ts. */
  readonly awaited?: true;
  /** Left by the owner for them. */
  readonly ending?: ContainerResult;
}

/** What is added to a {@link State} after its making. */
export interface StateChange extends Partial<State> {
  readonly update?: LimitChange;
}

/** A change of limits. Each is a line of its own, of which whoever reads the state makes the sum: none is lost to another. */
export interface LimitChange {
  /** What was changed: -1, and a rate of 0, stand for none. */
  readonly resources: Resources;
  /** Controllers of v2 that it took. */
  readonly controllers: readonly string[];
}

/** Returns a state to which something was added. */
export function applyChange(state: Partial<State>, { update, ...change }: StateChange): Partial<State> {
  const next = { ...state, ...change };
  const { spec, cgroup } = next;
  if (update === undefined || spec === undefined || cgroup === undefined) return next;
  const resources = mergeResources(spec.linux.resources, update.resources);
  const { v2 } = cgroup;
  return {
    ...next,
    spec: { ...spec, linux: { ...spec.linux, resources } },
    ...(v2 && {
      cgroup: { ...cgroup, v2: { ...v2, controllers: [...new Set([...v2.controllers, ...update.controllers])] } },
    }),
    updates: (next.updates ?? 0) + 1,
  };
}

/** Returns what tells a container from another one that has taken its name since; its owner may have become another. */
export function isSameContainer({ createdAt, init, owner }: State): (now: State) => boolean {
  return (now) =>
    now.createdAt === createdAt && (init === undefined ? now.owner.pid === owner.pid : now.init?.pid === init.pid);
}

/** What a container had used when its cgroup was removed by somebody who is not its owner. */
export interface LastUsage {
  /** Of the cgroup that it is about. */
  readonly inode?: string | undefined;
  readonly usage: Usage;
}
