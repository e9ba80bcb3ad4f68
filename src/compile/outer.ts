/**
 * What an outer container has to be started with, so that corral works in it: `corral run` says it when something is refused,
 * and `corral doctor` before that. Both have the words from here.
 *
 * @packageDocumentation
 */

/** Flags for the programs that know them. */
export type OuterFlags = Readonly<Record<'docker' | 'podman', string>>;

/** What namespaces and mounts of one's own take. */
export const NAMESPACE_FLAGS: OuterFlags = {
  docker: '--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined',
  podman: '--security-opt seccomp=unconfined --security-opt unmask=ALL',
};

/** What to do, in words, and a command where there is one. */
export interface OuterFix {
  readonly what: string;
  readonly run?: readonly string[];
}

/** Returns how to get the flags. @param inside - the kind of outer container: `docker`, `lxc` */
export function loosenOuter(inside: string, flags: OuterFlags): OuterFix {
  if (inside === 'docker' || inside === 'podman') {
    return { what: 'start the outer container with less in the way', run: [`${inside} run ${flags[inside]} …`] };
  }
  if (inside === 'corral')
    return { what: 'start the outer container with room for others', run: ['corral run --nest …'] };
  return { what: `the outer container (${inside}) has to allow it: with docker that is ${flags.docker}` };
}
