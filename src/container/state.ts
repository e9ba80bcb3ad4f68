import type { CgroupRef } from '../cgroup/types.js';
import type { Usage } from '../cgroup/usage.js';
import type { IdMapPlan } from '../plan/types.js';
import type { Spec } from '../spec/types.js';
import type { EndingOptions } from './ending.js';
import type { ProcessIdentity } from './identity.js';
import type { ContainerResult } from './result.js';

/** What a state file holds: enough to find, enter, kill and clear away a container after any crash. */
export interface State {
  readonly version: 1;
  readonly id: string;
  /** `creating`: the launch is under way, or died under way. */
  readonly status: 'creating' | 'running';
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
  /** Left for the owner by whoever waits for its end: see awaited-state.ts. */
  readonly awaited?: true;
  /** Left by the owner for them. */
  readonly ending?: ContainerResult;
}

/** What is added to a {@link State} after its making. */
export type StateChange = Partial<State>;

/** What a container had used when its cgroup was removed by somebody who is not its owner. */
export interface LastUsage {
  /** Of the cgroup that it is about. */
  readonly inode?: string | undefined;
  readonly usage: Usage;
}
