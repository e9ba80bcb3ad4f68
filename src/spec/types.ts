/**
 * The OCI runtime-spec's configuration, as far as corral compiles it. Field names are the spec's own.
 *
 * @see runtime-spec 1.3.0, config.md and config-linux.md
 * @packageDocumentation
 */

/** A container's configuration. */
export interface Spec {
  readonly ociVersion: string;
  readonly hostname?: string;
  readonly root: Root;
  readonly mounts: readonly Mount[];
  readonly process: Process;
  readonly linux: Linux;
  /** What corral adds to the spec travels here: see annotations.ts. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Root {
  readonly path: string;
  readonly readonly?: boolean;
}

export interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface Process {
  readonly args: readonly string[];
  /** Entries of the form `KEY=value`. */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: User;
  readonly capabilities: Capabilities;
  readonly rlimits: readonly Rlimit[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
  /** It has a terminal in place of the three streams. */
  readonly terminal?: boolean;
  /** Of the terminal, in characters. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
}

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly umask: number;
}

/** Names are of the form `CAP_CHOWN`. */
export interface Capabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

export interface Rlimit {
  /** `RLIMIT_NOFILE` and so on. */
  readonly type: string;
  readonly soft: number | bigint;
  readonly hard: number | bigint;
}

export const NAMESPACE_TYPES = ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'] as const;

export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

export interface Namespace {
  readonly type: NamespaceType;
}

export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface Linux {
  /** A type that is not listed is shared with the caller. */
  readonly namespaces: readonly Namespace[];
  /** Empty: corral chooses the range when it compiles. */
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly sysctl: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly cgroupsPath?: string;
}

/** What a container may use. @see config-linux.md "Control groups" */
export interface Resources {
  readonly memory?: {
    /** Bytes; -1: no limit. */
    readonly limit?: number;
    /** Memory and swap together, in bytes; -1: no limit. Absent beside a `limit`: no swap at all. */
    readonly swap?: number;
    /** Soft limit in bytes. */
    readonly reservation?: number;
  };
  readonly cpu?: {
    /** Microseconds of CPU time in each period; -1: no limit. */
    readonly quota?: number;
    /** Microseconds, 1,000–1,000,000. */
    readonly period?: number;
    /** Relative weight, 2–262144. */
    readonly shares?: number;
    /** A list such as `0-3,7`. */
    readonly cpus?: string;
    readonly mems?: string;
  };
  readonly pids?: {
    /** Processes and threads; -1: no limit. */
    readonly limit: number;
  };
  readonly blockIO?: {
    /** 10–1000. */
    readonly weight?: number;
    readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
    readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
    readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
    readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
  };
  /** cgroup v2 files, written as they are. */
  readonly unified?: Readonly<Record<string, string>>;
}

export interface ThrottleDevice {
  readonly major: number;
  readonly minor: number;
  /** Bytes or operations per second. */
  readonly rate: number;
}
