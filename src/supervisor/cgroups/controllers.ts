import { readLayout } from '../../cgroup/facts.js';
import { isWritable, readIfPresent, tryWrite } from '../../cgroup/files.js';
import { parseWords } from '../../cgroup/parse.js';
import type { CgroupLayout } from '../../cgroup/types.js';

/** The controllers of cgroup v2 that a container can be given. */
const KNOWN = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'misc', 'pids', 'rdma'] as const;

/** What v1 calls a controller where that is another name. */
const V1_NAMES: Readonly<Record<string, string>> = { io: 'blkio' };

/** Which controllers a caller has. */
export interface ControllerList {
  /** Those that limits can be set with below the caller's own cgroup. */
  readonly available: readonly string[];
  /** Those of them that are handed to the cgroups below already. */
  readonly enabled: readonly string[];
  /** Those that there are not, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
}

/** What {@link listControllers} works with. */
export interface ControllerFacts {
  /** `cgroup.controllers` of the caller's own cgroup, and what can still be handed down to it. */
  readonly available: readonly string[];
  /** `cgroup.subtree_control` of it. */
  readonly enabled: readonly string[];
}

/** Lists a caller's controllers. */
function listControllers(
  { available, enabled }: ControllerFacts,
  { v1, disabled }: Pick<CgroupLayout, 'v1' | 'disabled'>,
): ControllerList {
  const reason = (name: string): string => {
    const old = V1_NAMES[name] ?? name;
    if (disabled.includes(old) || disabled.includes(name)) return 'it was switched off when the host was booted';
    if (v1.some(({ controllers }) => controllers.includes(old)))
      return 'the host uses it with cgroup v1, which nobody inside a container can manage';
    return 'the cgroup above does not hand it down, or the kernel does not have it';
  };
  const missing = KNOWN.filter((name) => !available.includes(name)).map((name) => [name, reason(name)] as const);
  return { available: [...available].sort(), enabled, missing: Object.fromEntries(missing) };
}

/** Reads a caller's controllers. @param above - the cgroups above the base that can hand down, the highest first */
export function readControllers(path: string, above: readonly string[]): ControllerList {
  const available = new Set([...readWords(path, 'cgroup.controllers'), ...listHandable(above)]);
  return listControllers(
    { available: [...available], enabled: readWords(path, 'cgroup.subtree_control') },
    readLayout(),
  );
}

/** Returns what can be had below the last of several cgroups, by handing down from the first. */
function listHandable(above: readonly string[]): readonly string[] {
  const [top] = above;
  if (top === undefined) return [];
  return readWords(top, 'cgroup.controllers').filter((name) => above.every((cgroup) => canHand(cgroup, name)));
}

// The root of the hierarchy hands down whoever is in it; of it the kernel keeps no `cgroup.type`.
function canHand(cgroup: string, controller: string): boolean {
  if (readWords(cgroup, 'cgroup.subtree_control').includes(controller)) return true;
  const isRoot = readIfPresent(`${cgroup}/cgroup.type`) === undefined;
  return isWritable(cgroup) && (isRoot || readIfPresent(`${cgroup}/cgroup.procs`) === '');
}

/**
 * Hands controllers down from one cgroup to the next, as far as they have them. What could not be is found out by whoever needs it.
 *
 * @param above - the highest first
 */
export function handDownFrom(above: readonly string[], controllers: readonly string[]): void {
  for (const cgroup of above) {
    const handed = readWords(cgroup, 'cgroup.subtree_control');
    for (const name of controllers)
      if (!handed.includes(name)) tryWrite(`${cgroup}/cgroup.subtree_control`, `+${name}`);
  }
}

/** Reads a list of words; none where the file is not there. */
export function readWords(path: string, file: string): readonly string[] {
  return parseWords(readIfPresent(`${path}/${file}`) ?? '');
}
