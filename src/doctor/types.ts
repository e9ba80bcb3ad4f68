import type { HostFacts, SystemFacts } from '../host/facts.js';
import type { NamespaceType } from '../spec/types.js';

/** What was really tried on this host, and what came of it. */
export type Trial =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint?: string };

/** A limit that can be set. */
export const LIMITS = ['memory', 'cpu', 'cpuset', 'pids', 'io'] as const;

export type Limit = (typeof LIMITS)[number];

/** What a cgroup of its own could do; absent where none can be made. */
export interface CgroupTrials {
  /** A process was cloned straight into it; where that is refused, why. */
  readonly born: Trial & { readonly fallback?: string };
  /** It was a scope, which systemd made around the process: whose systemd. */
  readonly scope?: 'system' | 'user';
  readonly freeze: Trial;
  /** `rung`: what killed it, the first that the kernel has. */
  readonly kill: Trial & { readonly rung?: string };
}

/** Everything that was tried. What is absent could not be: something that it needs is missing. */
export interface Trials {
  /** A process in a new namespace of each type: of its own user namespace, too, for an unprivileged caller. */
  readonly namespaces: Readonly<Record<NamespaceType, Trial>>;
  /** corral-init, executed from a sealed memfd. */
  readonly memfd: Trial;
  readonly pidfd: Trial;
  /** ioctl(PIDFD_GET_INFO) */
  readonly pidfdInfo: Trial;
  /** The ids that a container would have, mapped. */
  readonly idMaps?: Trial;
  /** The root file system's mount, cloned and idmapped; of root only. */
  readonly idmap?: Trial;
  /** In the namespaces of a container: an overlay, a new proc, a new sysfs, a clone of the host's mounts. */
  readonly overlay: Trial;
  readonly proc: Trial;
  readonly sysfs: Trial;
  readonly tree: Trial;
  readonly cgroup?: CgroupTrials;
  /** A command with each limit. Absent: the first limit would have to move the caller's processes. */
  readonly limits: Readonly<Partial<Record<Limit, Trial>>>;
  /** A scope of the user's own systemd, with delegation. */
  readonly scope?: Trial;
  /** `true`, in a container with every default. */
  readonly container: Trial & { readonly startedMs?: number; readonly goneMs?: number };
  /** Where that does not work: the same with `isolation: 'cgroup'`. */
  readonly bare?: Trial;
}

/** Everything that findings are made from. */
export interface DoctorFacts {
  readonly host: HostFacts;
  readonly system: SystemFacts;
  readonly trials: Trials;
}

/** `limited`: something of it is missing, and corral does without. */
export type Status = 'ok' | 'limited' | 'missing';

/** A way to get what is missing. */
export interface Fix {
  /** What to do, in words: `let systemd hand the cpu controller down to users`. */
  readonly what: string;
  /** A file to write. */
  readonly file?: { readonly path: string; readonly content: string };
  /** Commands to run afterwards. */
  readonly run?: readonly string[];
}

/** One thing that was looked at. */
export interface Finding {
  /** For programs, and for docs/doctor.md: `limits.memory`. */
  readonly id: string;
  readonly status: Status;
  /** What it is about: `memory limits`. */
  readonly subject: string;
  /** What is so. */
  readonly detail: string;
  /** What that costs the user. */
  readonly cost?: string;
  readonly fixes?: readonly Fix[];
}

/** Findings that belong together. */
export interface Group {
  readonly name: string;
  /** What is so when all is well, in a few words. */
  readonly summary: string;
  readonly findings: readonly Finding[];
}

/** What is to be said about a host. */
export interface Diagnosis {
  /** Containers can be run here, even if not with everything. */
  readonly runs: boolean;
  readonly verdict: string;
  readonly groups: readonly Group[];
}
