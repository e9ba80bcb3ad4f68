import type { SlotName, Step } from './steps.js';

/** Everything that a launch does. */
export interface LaunchPlan extends Placement {
  /** Descriptors that the parent opens, in the order of their slots. */
  readonly fds: readonly FdPlan[];
  /** What corral-init does, in order. */
  readonly steps: readonly Step[];
  /** What this host could not give in full, in words for the user. */
  readonly notes: readonly string[];
  /** What the parent does to the process before that gets its plan. */
  readonly acts?: readonly ParentAct[];
}

/** Where a container is born: what has to be known before the clone. */
export interface Placement {
  readonly id: string;
  readonly cgroup: CgroupPlan;
  readonly clone: ClonePlan;
  /** Absent: the container has the caller's ids. */
  readonly idMaps?: IdMapPlan;
  /** Namespaces that are there already, and are joined: opened before anything is made. */
  readonly namespaces?: readonly NamespacePlan[];
  /** What corral-init does before it has ids: the last of it is `await-plan`. */
  readonly prelude?: readonly Step[];
}

/** A namespace that is joined by its path. */
export interface NamespacePlan {
  readonly slot: SlotName;
  readonly path: string;
  /** As the runtime-spec calls it. */
  readonly type: string;
  /** The clone(2) flag of that type. */
  readonly flag: number;
  /** Where in the config.json it stands. */
  readonly pointer: string;
}

/** What a process that is to have a user namespace of its own can no longer do by itself. */
export type ParentAct =
  | { readonly act: 'set-oom-score-adj'; readonly value: number }
  /** Soft limits stay: the process sets them itself, once it has opened all that it needs. */
  | { readonly act: 'raise-hard-limit'; readonly resource: number; readonly hard: number | bigint }
  | {
      readonly act: 'move-net-device';
      /** Its name in the runtime's network namespace, and in the container's. */
      readonly device: string;
      readonly name: string;
      /** Of the network namespace; absent: the process's own. */
      readonly namespace?: SlotName;
    };

/** One interface file and what goes in. */
export interface CgroupWrite {
  readonly file: string;
  readonly value: string;
  /** What to do on a kernel that lacks the file: nothing, or another write. Absent: that is an error. */
  readonly ifAbsent?: 'skip' | CgroupWrite;
  /** The kernel may refuse it (EINVAL) because of a value that is still to be written: then it is tried again after the others. */
  readonly retry?: true;
  /** Who asks for it, for the error: a field of an engine's JSON. */
  readonly asked?: AskedField;
}

/** A field of an engine's JSON. */
export interface AskedField {
  /** @see RFC 6901 */
  readonly pointer: string;
  readonly value: unknown;
}

/** A rule of the device cgroup, as the runtime-spec has it: what is absent, or -1, stands for all. */
export interface PlannedRule {
  readonly allow: boolean;
  readonly type?: 'a' | 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
  readonly access?: string;
}

/** Who may use which devices: what the device cgroup of a container enforces. */
export interface DevicePlan {
  /** `1`: by files, in the `devices` hierarchy. `2`: by a program. */
  readonly version: 1 | 2;
  /** The cgroup. */
  readonly path: string;
  /** Of each access, the last rule that fits decides; without one, it is denied. */
  readonly rules: readonly PlannedRule[];
  /** Where the kernel does not let the caller do it, the container goes without, as it does with other runtimes. */
  readonly optional?: true;
}

/** One directory of a v1 hierarchy that the container joins, because a limit was asked for that v2 lacks there. */
export interface V1Directory {
  /** The controllers of the hierarchy: `['cpu', 'cpuacct']`. */
  readonly controllers: readonly string[];
  /** The directory below which everything is made; it exists, and stays. */
  readonly base: string;
  readonly path: string;
  /** Files that start empty and are copied from the parent into each new directory. */
  readonly inherit: readonly string[];
  readonly writes: readonly CgroupWrite[];
}

/** Where the container lives in the cgroup trees, and under which limits. */
export interface CgroupPlan {
  /** The v2 directory that carries the limits; its `payload` holds the processes. Absent on a host without cgroup v2. */
  readonly v2?: {
    /** The directory below which everything is made; it exists, and stays. */
    readonly base: string;
    readonly path: string;
    readonly payload: string;
    /** `cgroup.subtree_control` writes, from the top down, before `path` is made. */
    readonly enable: readonly { readonly path: string; readonly controllers: readonly string[] }[];
    readonly writes: readonly CgroupWrite[];
    /** For a container that may hold others: whom the payload is given to, and the controllers that it can hand on. */
    readonly delegate?: { readonly uid: number; readonly gid: number; readonly controllers: readonly string[] };
  };
  readonly v1: readonly V1Directory[];
  /** Cgroups of v1 that are there, and somebody else's: the processes are moved into them, and nothing more is done to them. */
  readonly also?: readonly string[];
  /**
   * One level, at a place that somebody else has chosen: the processes live where the limits are, a directory that is there
   * already is used unless somebody lives in it, and the parents stay.
   */
  readonly flat?: true;
  readonly devices?: DevicePlan;
  /** The caller's processes must first leave this cgroup, which becomes a parent, for its `supervisor` leaf. */
  readonly evacuate?: string;
  /** The unit of systemd that all of it is in, and that is somebody else's: its manager moves processes where this user may not. */
  readonly around?: ScopeAround;
  /** The unit of systemd below whose cgroup `v2.path` is: made after the clone, since a scope is made around a process. */
  readonly scope?: ScopePlan;
}

/** A scope of systemd that somebody else has. */
export interface ScopeAround {
  readonly manager: 'system' | 'user';
  /** `corral-web.scope` */
  readonly unit: string;
  /** Its cgroup. */
  readonly directory: string;
}

/** A transient scope of systemd. @see systemd.scope(5) */
export interface ScopePlan {
  /** Whose it is: that of the system, or that of the user. */
  readonly manager: 'system' | 'user';
  /** `corral-web.scope` */
  readonly unit: string;
  /** The slice in which it is: `corral.slice`. A unit that is a slice itself lies there by its name, and only wants it. */
  readonly slice: string;
  readonly description: string;
  /** The limits, as systemd knows them: what it writes again whenever it sets up its cgroups. */
  readonly properties: readonly UnitProperty[];
}

/** A property of a unit, with its type on D-Bus. @see org.freedesktop.systemd1(5) */
export type UnitProperty =
  | { readonly name: string; readonly type: 't'; readonly value: UnitNumber }
  | { readonly name: string; readonly type: 'ay'; readonly value: readonly number[] }
  | { readonly name: string; readonly type: 'a(st)'; readonly value: readonly (readonly [string, UnitNumber])[] };

/** A whole number; `infinity`: no limit. */
export type UnitNumber = number | 'infinity';

export interface ClonePlan {
  /** Names of clone(2) flags: `CLONE_NEWPID`. */
  readonly flags: readonly string[];
}

export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

export interface IdMapPlan {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
  /** `deny` is what the kernel asks of an unprivileged writer of a gid map. */
  readonly setgroups: 'allow' | 'deny';
  /** `newidmap`: through the setuid helpers newuidmap(1) and newgidmap(1). */
  readonly writer: 'direct' | 'newidmap';
}

/** How the owner ids of one mount are mapped, in place of `idmap`. */
export interface MountMapping {
  /** Submounts are mapped, too. */
  readonly recursive: boolean;
  /** By what: ranges of its own, a user namespace that is there already, or the container's new one. */
  readonly by:
    { readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] } | { readonly path: string } | 'container';
}

/** A descriptor that the parent opens and passes along with the plan. */
export type FdPlan =
  | { readonly slot: SlotName; readonly kind: 'report' }
  | { readonly slot: SlotName; readonly kind: 'stream'; readonly stream: 'stdin' | 'stdout' | 'stderr' }
  | {
      readonly slot: SlotName;
      readonly kind: 'tree';
      readonly path: string;
      readonly recursive: boolean;
      /** Map the owner ids of the mount with the container's user namespace. */
      readonly idmap: boolean;
      /** An id mapping of its own in place of that. */
      readonly mapping?: MountMapping;
    }
  /** The `cgroup.kill` of the cgroup that holds the container's processes. */
  | { readonly slot: SlotName; readonly kind: 'cgroup-kill' }
  /** One of {@link Placement.namespaces}. */
  | { readonly slot: SlotName; readonly kind: 'namespace' }
  /** A descriptor that the runtime itself was started with. */
  | { readonly slot: SlotName; readonly kind: 'inherited'; readonly number: number }
  | { readonly slot: SlotName; readonly kind: 'pidfd' }
  | { readonly slot: SlotName; readonly kind: 'socket' }
  /** The root or working directory of another process, opened by whoever asks for the launch. */
  | { readonly slot: SlotName; readonly kind: 'directory' }
  /** The end of the pipe of standard input that is written to: one more, for the init. */
  | { readonly slot: SlotName; readonly kind: 'kept-input' }
  /** The other end of a pipe of the output, or the file that goes into: for the init. */
  | { readonly slot: SlotName; readonly kind: 'kept-output' }
  /** The FIFO that the start is written to. */
  | { readonly slot: SlotName; readonly kind: 'start' };
