import type { CgroupRef } from '../cgroup/types.js';
import type { Usage } from '../cgroup/usage.js';
import type { IdMapPlan } from '../plan/types.js';
import type { Spec } from '../spec/types.js';
import type { ProcessIdentity } from './identity.js';

/** What state.json holds: enough to find, enter, kill and clear away a container after any crash. */
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
}

/** The file in which whoever kills another process's container leaves {@link LastUsage}. */
export const LAST_USAGE = 'last-usage.json';

/** What a container had used when its cgroup was removed by somebody who is not its owner. */
export interface LastUsage {
  /** Of the cgroup that it is about: the name may by then be another container's. */
  readonly inode?: string | undefined;
  readonly usage: Usage;
}
