/**
 * The OCI runtime-spec's configuration, as far as corral compiles it. Field names are the spec's own.
 *
 * @see runtime-spec 1.3.0, config.md and config-linux.md
 * @packageDocumentation
 */

import type { Hooks } from './hooks.js';
import type { Resources, Uint64 } from './resources.js';
import type { Seccomp } from './seccomp.js';

/** A container's configuration. */
export interface Spec {
  readonly ociVersion: string;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly root: Root;
  readonly mounts: readonly Mount[];
  readonly process: Process;
  readonly linux: Linux;
  readonly hooks?: Hooks;
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
  /** Of an idmapped mount; absent: those of the container's user namespace, where an option asks for one. */
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
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
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
  readonly scheduler?: Scheduler;
  readonly ioPriority?: {
    readonly class: 'IOPRIO_CLASS_RT' | 'IOPRIO_CLASS_BE' | 'IOPRIO_CLASS_IDLE';
    /** 0–7. */
    readonly priority: number;
  };
  /** CPUs of an entered process, as lists: before it joins the container's cgroup, and after. */
  readonly execCPUAffinity?: { readonly initial?: string; readonly final?: string };
}

/** @see sched_setattr(2) */
export interface Scheduler {
  /** `SCHED_BATCH` and so on. */
  readonly policy: string;
  readonly nice?: number;
  readonly priority?: number;
  /** `SCHED_FLAG_RESET_ON_FORK` and so on. */
  readonly flags?: readonly string[];
  /** Nanoseconds, for SCHED_DEADLINE. */
  readonly runtime?: Uint64;
  readonly deadline?: Uint64;
  readonly period?: Uint64;
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

/** Those that `corral run` makes. */
export const NAMESPACE_TYPES = ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'] as const;

export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

/** Those that a spec may have. */
export type SpecNamespaceType = NamespaceType | 'time';

export interface Namespace {
  readonly type: SpecNamespaceType;
  /** A namespace that is there already: it is joined. */
  readonly path?: string;
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
  readonly rootfsPropagation?: 'private' | 'shared' | 'slave' | 'unbindable';
  readonly seccomp?: Seccomp;
  /** Device nodes beside the default ones. */
  readonly devices?: readonly Device[];
  /** Of the runtime's network namespace, by name: they are moved into the container's. */
  readonly netDevices?: Readonly<Record<string, { readonly name?: string }>>;
  /** `LINUX` or `LINUX32`. @see personality(2) */
  readonly personality?: { readonly domain: string; readonly flags?: readonly string[] };
  /** The SELinux label of its mounts. */
  readonly mountLabel?: string;
  /** Of the clocks of its time namespace. */
  readonly timeOffsets?: Readonly<Partial<Record<'monotonic' | 'boottime', TimeOffset>>>;
  /** @see set_mempolicy(2) */
  readonly memoryPolicy?: { readonly mode: string; readonly nodes?: string; readonly flags?: readonly string[] };
}

export interface TimeOffset {
  readonly secs?: number;
  readonly nanosecs?: number;
}

export interface Device {
  /** Block, character, unbuffered character, or a FIFO. */
  readonly type: 'b' | 'c' | 'u' | 'p';
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
