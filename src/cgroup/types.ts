import type { ScopeAround } from '../plan/types.js';
/** One mounted cgroup hierarchy, as the caller sees it. */
export interface Hierarchy {
  /** The mount point. */
  readonly mount: string;
  /** The directory of the hierarchy that forms the top of the mount: `/` unless a part of it was bind-mounted. */
  readonly root: string;
  /** The caller's own cgroup below `mount`; absent when that mount does not show it. */
  readonly own?: string;
  /** The mount refuses writes. */
  readonly readonly: boolean;
  /** Of cgroup v2, what it is mounted with: `nsdelegate`. Absent: nothing. */
  readonly options?: readonly string[];
}

/** A v1 hierarchy with the controllers that are bound to it: `['cpu', 'cpuacct']`. */
export interface V1Hierarchy extends Hierarchy {
  readonly controllers: readonly string[];
}

/** A v1 hierarchy without controllers: systemd's `name=systemd`. */
export interface NamedHierarchy extends Hierarchy {
  readonly name: string;
}

/** `unified`: v2 only. `hybrid`: v2 beside v1 controllers. `legacy`: v1 only. */
export type CgroupMode = 'unified' | 'hybrid' | 'legacy' | 'none';

/** Which hierarchies there are and where the caller is in them. */
export interface CgroupLayout {
  readonly mode: CgroupMode;
  readonly v2?: Hierarchy;
  readonly v1: readonly V1Hierarchy[];
  readonly named: readonly NamedHierarchy[];
  /** Controllers that the kernel has and that were switched off at boot. */
  readonly disabled: readonly string[];
  /** Controllers of v1 hierarchies that are in use and not mounted here: those of the host around a container. */
  readonly unmounted?: readonly string[];
}

/** A v2 directory below which containers can be made. */
export interface V2Base {
  readonly path: string;
  /** What its `cgroup.controllers` lists. */
  readonly controllers: readonly string[];
  /** It holds processes and is not the root: they must leave before a controller can be handed down. */
  readonly needsEvacuation: boolean;
  /** It is the real root of the hierarchy, for which the kernel makes exceptions. */
  readonly isRoot: boolean;
}

/** A v1 directory below which containers can be made. */
export interface V1Base {
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Something that the host lacks, with the way out. */
export interface CgroupProblem {
  readonly text: string;
  readonly hint: string;
}

/** Everything about this host's cgroups that a plan depends on. */
export interface CgroupFacts {
  readonly layout: CgroupLayout;
  /** Where a relative parent begins; absent when the caller may make no v2 cgroup anywhere. */
  readonly v2Base?: V2Base;
  /** The mount's top, where an absolute parent begins. */
  readonly v2Top?: V2Base;
  /** The cgroup above the caller's own, where it may write there, and may not at the top. */
  readonly v2Above?: string;
  /** Where a relative parent begins in each v1 hierarchy that the caller may write. */
  readonly v1Base: readonly V1Base[];
  /** The same for an absolute parent. */
  readonly v1Top: readonly V1Base[];
  /** The host has swap space: a kernel that cannot limit it then breaks the promise of a memory limit. */
  readonly hasSwap: boolean;
  /** Why there is no v2 base. */
  readonly problem?: CgroupProblem;
  /** Present where systemd has booted the host: then the cgroup tree is its own. */
  readonly systemd?: ScopeFacts;
}

/** What a scope of systemd's depends on. */
export interface ScopeFacts {
  /** Whose manager is asked: the system's by root, a user's own by everybody else. */
  readonly manager: 'system' | 'user';
  /** The caller may write its own cgroup, which systemd has left to it, or one above. @see systemd's CGROUP_DELEGATION.md */
  readonly delegated: boolean;
  /** The cgroup below which the manager makes its slices; absent where it is not seen. */
  readonly base?: V2Base;
  /** Those that the kernel has, at the top of the hierarchy. */
  readonly controllers: readonly string[];
  /** Why it cannot make a scope for the caller. */
  readonly problem?: CgroupProblem;
}

/** A directory of a v1 hierarchy that belongs to a container. */
export interface V1Ref {
  readonly controllers: readonly string[];
  readonly path: string;
  readonly base: string;
  /** Decimal; absent while it is only planned. */
  readonly inode?: string;
  /** It was there already: it is emptied, and stays. */
  readonly adopted?: true;
}

/** The v2 directories of a container. */
export interface V2Ref {
  readonly path: string;
  readonly payload: string;
  readonly base: string;
  /** Controllers that the plan enabled, and whose files can therefore be read in `path`. */
  readonly controllers: readonly string[];
  /** The container may make cgroups below its payload. */
  readonly delegated?: true;
  /** Of `path`, decimal; absent while it is only planned. */
  readonly inode?: string;
  /** It was there already: it is emptied, and stays. */
  readonly adopted?: true;
}

/**
 * A container's cgroups: what is kept in the state file, and all it takes to kill and remove them.
 *
 * The inode numbers are what tells this container's directory from a later one of the same name; the kernel never gives
 * the same one twice between boots.
 */
export interface CgroupRef {
  readonly id: string;
  readonly v2?: V2Ref;
  readonly v1: readonly V1Ref[];
  /** Cgroups of v1 that its processes are in, and that are not its own: nothing is done to them. */
  readonly also?: readonly string[];
  /** The unit of systemd that all of them are in, and that is somebody else's: nothing is done to it. */
  readonly around?: ScopeAround;
  /** One level: the processes live in these directories themselves, and so do those that enter later. */
  readonly flat?: true;
  /** The unit of systemd below whose cgroup `v2.path` is, or, where it is flat, whose cgroup it is: systemd removes it once it is empty, and nobody else may. */
  readonly scope?: ScopeRef;
}

/** A transient scope of systemd. */
export interface ScopeRef {
  readonly manager: 'system' | 'user';
  /** `corral-web.scope` */
  readonly unit: string;
}

/** Wraps a single action on the kernel, named in words: `make cgroup /sys/fs/cgroup/corral/web`. */
export type Act = <T>(what: string, run: () => T) => T;
