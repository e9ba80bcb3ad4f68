/** A directory or file of the host inside the container: `SRC:DST[:ro|rw]`, or its parts. */
export interface Volume {
  /** Absolute path on the host, or one relative to the caller's working directory. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** The size of a terminal, in characters: 1–65535 each. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** `private`: a namespace of the container's own; `host`: the caller's. */
export type NamespaceMode = 'private' | 'host';

/** What a container may use. A limit that the host cannot enforce is an error. */
export interface LimitOptions {
  /** RAM, in bytes or as a size such as `256M`. Also turns swap off, unless `memorySwap` says otherwise. */
  readonly memory?: number | string;
  /** RAM and swap together, in bytes or as a size; `'max'`: as much swap as there is. */
  readonly memorySwap?: number | string;
  /** Soft limit: what is above it is reclaimed first. */
  readonly memoryReservation?: number | string;
  /** CPUs' worth of time, such as `1.5`. */
  readonly cpus?: number | string;
  /** Weight against siblings, 2–262144. @default 1024 (the kernel's) */
  readonly cpuShares?: number;
  /** CPUs to run on, such as `0-3,7`. */
  readonly cpusetCpus?: string;
  /** NUMA nodes to allocate from, such as `0`. */
  readonly cpusetMems?: string;
  /** Processes and threads at one time. */
  readonly pids?: number;
  /** Weight of block I/O against siblings, 10–1000. */
  readonly ioWeight?: number;
  /** Reads: `DEVICE:RATE` with a rate such as `10M`, in bytes a second. */
  readonly deviceReadBps?: readonly string[];
  /** Writes: `DEVICE:RATE`, in bytes a second. */
  readonly deviceWriteBps?: readonly string[];
  /** Reads: `DEVICE:RATE`, in operations a second. */
  readonly deviceReadIops?: readonly string[];
  /** Writes: `DEVICE:RATE`, in operations a second. */
  readonly deviceWriteIops?: readonly string[];
}

/**
 * What a container may use from now on. What is not given stays as it is; `'max'` takes a limit away.
 *
 * `memory` alone leaves `memorySwap` as it was given before: with none, swap stays off.
 */
export interface UpdateOptions extends Omit<LimitOptions, 'pids'> {
  /** Processes and threads at one time. Below what there are, it only keeps new ones from being made. */
  readonly pids?: number | 'max';
}

/** What the container's process is. */
export interface ProcessOptions {
  /** Variables of the environment; `undefined` passes the caller's own value on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory. @default the caller's, where the container can see it, else `/` */
  readonly cwd?: string;
  /** `USER[:GROUP]`, names or numbers. @default `0:0` */
  readonly user?: string;
  /** Additional groups, names or numbers. */
  readonly groups?: readonly string[];
  /** File mode creation mask, such as `0o022`. @default 0o022 */
  readonly umask?: number;
  /** Capabilities beyond the default set: `NET_ADMIN`, `CAP_NET_ADMIN` or `ALL`. */
  readonly capAdd?: readonly string[];
  /** Capabilities to take from the default set, or `ALL`. */
  readonly capDrop?: readonly string[];
  /** No process gains privileges by exec. @default true */
  readonly noNewPrivileges?: boolean;
  /** Resource limits of the process: `NAME=SOFT[:HARD]` such as `nofile=1024:4096`. */
  readonly ulimits?: readonly string[];
  /** Who is killed when the host is out of memory: -1000 (never) to 1000 (first). */
  readonly oomScoreAdj?: number;
  /**
   * A terminal of its own in place of the three streams; `true`: of 80 columns and 24 rows. TERM is the caller's, else `xterm`.
   *
   * @default false
   */
  readonly terminal?: boolean | TerminalSize;
}

/** What a container is made of. Every option has the same meaning as the flag of that name. */
export interface ContainerOptions extends LimitOptions, ProcessOptions {
  /** Its name, unique among this user's containers. @default 12 random hex digits */
  readonly name?: string;
  /** What people and programs note about it: `{ job: '7' }`. They change nothing; lists show them and can be filtered by them. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * `full`: namespaces, a root filesystem of its own, limits. `cgroup`: only the cgroup: a child process whose whole tree
   * can be limited and killed; it sees the host, and inherits the caller's environment and ids.
   *
   * @default 'full'
   */
  readonly isolation?: 'full' | 'cgroup';
  /** A directory to use as root filesystem. @default a throw-away overlay of the host's own root */
  readonly rootfs?: string;
  /** The root filesystem cannot be written. @default false */
  readonly readOnly?: boolean;
  /** Directories and files of the host to show inside: `SRC:DST[:ro|rw]`, or their parts. */
  readonly volumes?: readonly (string | Volume)[];
  /** `DST[:OPTIONS]`: empty file systems in memory, such as `/scratch:size=64m`. */
  readonly tmpfs?: readonly string[];
  /** Host paths to show that the default root filesystem hides. */
  readonly expose?: readonly string[];
  /**
   * `private`: own network namespace, loopback only; `none`: not even loopback; `host`: the caller's.
   *
   * @default 'private'
   */
  readonly net?: 'private' | 'none' | 'host';
  /** User ids: `private` maps them to unprivileged ones of the host. @default 'private' */
  readonly userns?: NamespaceMode;
  /** Processes: whether it sees only its own. @default 'private' */
  readonly pid?: NamespaceMode;
  /** System V and POSIX IPC. @default 'private' */
  readonly ipc?: NamespaceMode;
  /** Host name. @default 'private' */
  readonly uts?: NamespaceMode;
  /** View of the cgroup tree. @default 'private' */
  readonly cgroupns?: NamespaceMode;
  /** Host name inside. @default the container's name */
  readonly hostname?: string;
  /** Kernel parameters of the container's own namespaces, such as `net.ipv4.ip_forward`. */
  readonly sysctl?: Readonly<Record<string, string>>;
  /**
   * It may hold containers of its own, of corral or of another runtime, to any depth: its part of the cgroup tree is its own,
   * below limits that it cannot change; /proc is whole; its root has CAP_SYS_ADMIN and CAP_NET_ADMIN over its own namespaces,
   * and setuid programs work. Needs a user namespace of its own.
   *
   * @default false
   */
  readonly nest?: boolean;
  /**
   * It is given the supervisor's socket, at `/run/corral/api/corral.sock` (in `CORRAL_API`): with it, its processes can list, limit, signal,
   * freeze and kill what is below their own cgroup, and nothing else. See docs/api.md.
   *
   * @default false
   */
  readonly api?: boolean;
  /**
   * Which system calls it may make: `default`; `unconfined`, all of them; or a profile of the runtime-spec or of Docker, as
   * the path of its file (JSON) or as an object.
   *
   * @default 'default'
   */
  readonly seccomp?: string | Readonly<Record<string, unknown>>;
  /**
   * A small first process that reaps orphans, forwards signals, and, where there is no pid namespace that does it, takes the
   * whole container along when the process that started it dies.
   *
   * @default true
   */
  readonly init?: boolean;
  /** The container is killed when the process that started it dies, however it dies. @default true */
  readonly dieWithParent?: boolean;
  /**
   * The cgroup to live below: absolute from the hierarchy's mount, or relative to the base that corral found; for systemd, the
   * name of a slice such as `ci.slice`.
   *
   * @default 'corral', or 'corral.slice'
   */
  readonly cgroupParent?: string;
  /**
   * Who makes its cgroup: corral itself (`cgroupfs`), or `systemd`, as a scope.
   *
   * @default systemd where it has booted the host, unless the caller is in a cgroup that has been left to it, or cgroupParent is a path
   */
  readonly cgroupDriver?: 'cgroupfs' | 'systemd';
}
