import type { HostFacts } from '../host/facts.js';
import type { FdPlan, IdMapPlan } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import type { Spec } from '../spec/types.js';

/** What every part of the compiler works from. */
export interface Context {
  /** The container's. */
  readonly id: string;
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly ids: IdPlan;
}

/** What a part of the compiler contributes to the plan. */
export interface Part {
  readonly fds?: readonly FdPlan[];
  /** Steps that need the host's mounts, before anything covers them. */
  readonly open?: readonly Step[];
  readonly steps: readonly Step[];
  readonly notes?: readonly string[];
  /** Files that only a mask can hide. */
  readonly masked?: readonly string[];
}

/** Which ids the container has, and what that means for its mounts. */
export interface IdPlan {
  /** Absent: no user namespace of its own. */
  readonly maps?: IdMapPlan;
  /** Container ids differ from host ids, so that the owners of mounted files want mapping. */
  readonly shifted: boolean;
  readonly notes: readonly string[];
}
