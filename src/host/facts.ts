import type { CgroupFacts } from '../cgroup/types.js';
import type { IdRange } from '../plan/types.js';

/** What the compiler knows about the host: read once before a launch, never looked up later. */
export interface HostFacts {
  readonly kernel: KernelVersion;
  readonly caller: CallerFacts;
  readonly userns: UsernsFacts;
  /** The mounts that the caller sees, in the order of /proc/self/mountinfo. */
  readonly mounts: readonly HostMount[];
  /** Types of file systems that refused an idmapped mount although the kernel's version promised it. */
  readonly unmappable: readonly string[];
  /** The entries of `/`, for hosts where it cannot be one overlay. */
  readonly rootEntries: readonly RootEntry[];
  /** What the default root filesystem does not show. */
  readonly hidden: readonly HiddenPath[];
  /** Home directories: hidden, unless the working directory lies in one. */
  readonly homes: readonly string[];
  /** Kinds of the host paths that the spec names: the working directory, what is exposed. */
  readonly kinds: Readonly<Record<string, PathKind>>;
  /** The text of /etc/resolv.conf where that is a link to somewhere that a container does not see. */
  readonly resolvConf?: string;
  readonly cgroup: CgroupFacts;
}

export type KernelVersion = readonly [major: number, minor: number];

export interface CallerFacts {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID are effective: may mount and map any ids of its user namespace. */
  readonly privileged: boolean;
  /** Effective capabilities, a bit set. */
  readonly capabilities: bigint;
}

export interface UsernsFacts {
  /** The caller is in the initial user namespace. */
  readonly initial: boolean;
  /** /proc/self/uid_map. */
  readonly uids: readonly IdRange[];
  /** /proc/self/gid_map. */
  readonly gids: readonly IdRange[];
  /** What /etc/subuid and /etc/subgid lend to the caller; absent without newuidmap(1) and newgidmap(1). */
  readonly subordinate?: { readonly uids: IdLoan; readonly gids: IdLoan };
  /** Why no user namespace can be made, where that is known. */
  readonly refused?: string;
}

export interface IdLoan {
  readonly first: number;
  readonly size: number;
}

export interface HostMount {
  readonly target: string;
  readonly type: string;
  readonly readOnly: boolean;
  /** A single file is mounted here: Docker's /etc/hosts. */
  readonly isFile: boolean;
}

export type PathKind = 'file' | 'directory';

export interface RootEntry {
  readonly name: string;
  readonly kind: PathKind | 'symlink';
  /** Of a symlink. */
  readonly target?: string;
}

export interface HiddenPath {
  readonly path: string;
  readonly kind: PathKind;
  /** Permission bits of what stands in its place, empty. */
  readonly mode: number;
}
