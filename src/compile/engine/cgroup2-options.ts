import type { Context } from '../context.js';
import { makesNamespace } from '../questions.js';

/**
 * Returns what cgroup v2 is mounted with. From the host's cgroup namespace, the options of a new mount replace those of all that
 * there are: without `nsdelegate`, say, what is delegated on the host could change its own limits. A namespace that is joined
 * may be the host's. From any other, they mean nothing.
 *
 * @see kernel/cgroup/cgroup.c, apply_cgroup_root_flags()
 */
export function cgroup2Options({ spec, facts }: Context, given: readonly string[]): readonly string[] {
  if (makesNamespace(spec, 'cgroup')) return given;
  return [...new Set([...(facts.cgroup.layout.v2?.options ?? []), ...given])];
}
