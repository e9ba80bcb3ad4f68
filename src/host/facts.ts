import type { CgroupFacts } from '../cgroup/types.js';
import type { IdRange } from '../plan/types.js';

/** What the compiler knows about the host: read once before a launch, never looked up later. */
export interface HostFacts {
  readonly kernel: KernelVersion;
  /** Node's name for the processor. */
  readonly cpu: Cpu;
  /** The kernel has no filters of system calls. */
  readonly noSeccomp?: true;
  readonly caller: CallerFacts;
  readonly userns: UsernsFacts;
  /** The mounts that the caller sees, in the order of /proc/self/mountinfo. */
  readonly mounts: readonly HostMount[];
  /** Types of file systems that refused an idmapped mount although the kernel's version promised it. */
  readonly unmappable: readonly string[];
  /** Targets of mounts that are an overlay on an overlay: no further one goes on top. */
  readonly unstackable: readonly string[];
  /** Targets of mounts that can only be taken together with those below: they came locked from outside this user namespace. */
  readonly locked: readonly string[];
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
  /** Those of `apparmor` and `selinux` that the host enforces. Looked up when they are asked for. */
  readonly securityModules?: readonly string[];
}

export type Cpu = 'x64' | 'arm64';

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
  /** Nobody in the caller's user namespace, nor in one below it, may set groups. */
  readonly setgroupsDenied?: true;
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
  /** It lies in a directory that the caller may not enter. */
  readonly unreachable?: true;
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

/** What is known of the host besides what a plan depends on: for `corral doctor` to explain it by. */
export interface SystemFacts {
  /** uname -r */
  readonly release: string;
  /** os-release(5): `debian`, and what it is called. */
  readonly distribution: { readonly id: string; readonly like: readonly string[]; readonly name: string };
  readonly user: { readonly name: string; readonly uid: number };
  /** The program that runs this: the path of Node. */
  readonly program: string;
  /** The kind of outer container, such as `docker`; absent on a host. */
  readonly inside?: string;
  /** Kernel parameters that exist, by name: `user.max_user_namespaces`. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly lsm: LsmFacts;
  /** This process's own restrictions. @see proc_pid_status(5) */
  readonly confinement: { readonly seccomp: boolean; readonly noNewPrivileges: boolean };
  readonly systemd: SystemdFacts;
  readonly cgroup: {
    /** What the top of the v2 hierarchy has, as far as it is seen. */
    readonly controllers: readonly string[];
    /** Other processes in this one's own v2 cgroup. */
    readonly companions: number;
  };
  readonly ids: SubordinateFacts;
  readonly proc: { readonly hidepid: string; /** Mounts over parts of /proc. */ readonly covered: readonly string[] };
  /** /proc/pressure is there. */
  readonly pressure: boolean;
  /** This process may run on these CPUs: `0-3`. */
  readonly cpus: string;
}

export interface LsmFacts {
  /** In the kernel's order; absent where securityfs is not mounted. */
  readonly active?: readonly string[];
  /** The profile or label of this process, where it is confined. */
  readonly profile?: string;
}

export interface SystemdFacts {
  /** The host was booted with it. */
  readonly booted: boolean;
  /** The user has a manager of their own, and systemd-run can speak to it. */
  readonly userManager: boolean;
  /** The controllers that the system's manager hands down to the user's; absent where there is no such cgroup. */
  readonly delegated?: readonly string[];
}

/** What lends ids to an unprivileged user: each of it may be missing. */
export interface SubordinateFacts {
  /** From /etc/subuid. */
  readonly uids?: IdLoan;
  /** From /etc/subgid. */
  readonly gids?: IdLoan;
  /** The first id of a range that is lent to nobody yet, in either file. */
  readonly free: number;
  readonly newuidmap: HelperState;
  readonly newgidmap: HelperState;
}

/** `powerless`: it is there, and has neither the set-user-ID bit nor file capabilities. */
export type HelperState = 'missing' | 'powerless' | 'ok';
