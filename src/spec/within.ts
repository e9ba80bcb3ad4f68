import { ANNOTATIONS } from './annotations.js';

/**
 * Where a container lives that a process in another one has asked the supervisor for: below the cgroup of that process, in its
 * namespaces. Paths and ids are those of the supervisor.
 */
export interface Within {
  /** The cgroup v2 below which its own is made. */
  readonly base: string;
  /** The name of its own cgroup there. */
  readonly directory: string;
  /** The controllers that the base hands down. */
  readonly controllers: readonly string[];
  /** The caller's cgroups in v1 hierarchies: it lives in them, too, and they are not its own. */
  readonly v1: readonly string[];
  /** Whom its cgroup and its log files belong to. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The unit of systemd that is around it, of the outermost container. */
  readonly around?: {
    readonly manager: 'system' | 'user';
    /** `corral-web.scope` */
    readonly unit: string;
    /** Its cgroup. */
    readonly directory: string;
  };
  /** It starts where its caller was; otherwise in `process.cwd`. */
  readonly inCallersDirectory: boolean;
}

interface Annotated {
  readonly annotations: Readonly<Record<string, string>>;
}

/** Returns where a container lives that was asked for from inside another one; `undefined` for all others. */
export function withinOf({ annotations }: Annotated): Within | undefined {
  const text = annotations[ANNOTATIONS.within];
  return text === undefined ? undefined : (JSON.parse(text) as Within);
}

/** Returns the annotation that {@link withinOf} reads. */
export function withinAnnotation(within: Within): Readonly<Record<string, string>> {
  return { [ANNOTATIONS.within]: JSON.stringify(within) };
}
