import { join } from 'node:path/posix';
import { readInode } from '../cgroup/files.js';
import { checkIdentity, listTargets } from '../cgroup/guard.js';
import type { CgroupRef } from '../cgroup/types.js';
import { OptionError } from '../errors/option-error.js';

/** Cgroups that are there already. */
export interface SubCgroups {
  /** On v2. */
  readonly bornIn?: string;
  /** On v1. */
  readonly joined: readonly string[];
}

/**
 * Finds the cgroups below a container's own that a process is to enter, in place of those.
 *
 * @param below - paths by controller; the name `` is for all hierarchies. A hierarchy that has none is entered at the container's own
 * @throws OptionError for one that is not there or not below, and for a controller that the container has no cgroup of
 */
export function findSubCgroups(cgroup: CgroupRef, below: Readonly<Record<string, string>>): SubCgroups {
  for (const target of listTargets(cgroup)) checkIdentity('enter', target);
  const v1 = cgroup.v1.map(({ path, controllers }) => ({
    path,
    names: controllers.filter((name) => Object.hasOwn(below, name)),
  }));
  const [strange] = Object.keys(below).filter((name) => name !== '' && v1.every(({ names }) => !names.includes(name)));
  if (strange !== undefined)
    throw new OptionError('cgroup', `${strange}:${below[strange] ?? ''}`, 'of a cgroup v1 controller of the container');
  const all = below[''] ?? '';
  return {
    ...(cgroup.v2 === undefined ? {} : { bornIn: resolveBelow(cgroup.v2.path, all) }),
    joined: v1.map(({ path, names: [name = ''] }) => resolveBelow(path, below[name] ?? all)),
  };
}

function resolveBelow(path: string, below: string): string {
  const found = join(path, below).replace(/\/$/, '');
  if (found !== path && !found.startsWith(`${path}/`)) throw new OptionError('cgroup', below, `below ${path}`);
  if (readInode(found) === undefined) throw new OptionError('cgroup', below, `a cgroup below ${path}`);
  return found;
}
