import { isHidden, type MountEntry, parseMountinfo } from './mountinfo.js';
import type { CgroupLayout, CgroupMode, Hierarchy, NamedHierarchy, V1Hierarchy } from './types.js';

/** The texts of three files of /proc. */
export interface LayoutTexts {
  /** /proc/self/mountinfo */
  readonly mountinfo: string;
  /** /proc/cgroups; empty where the kernel has none. */
  readonly cgroups: string;
  /** /proc/self/cgroup */
  readonly self: string;
}

/**
 * Returns which cgroup hierarchies are mounted, and the caller's own directory in each.
 *
 * @see cgroups(7), cgroup_namespaces(7), proc_pid_mountinfo(5)
 */
export function detectLayout({ mountinfo, cgroups, self }: LayoutTexts): CgroupLayout {
  const mounts = visibleCgroupMounts(mountinfo);
  const memberships = parseMemberships(self);
  const v2 = detectV2(mounts, memberships);
  const v1 = memberships.flatMap((membership) => detectV1(mounts, membership));
  const named = memberships.flatMap((membership) => detectNamed(mounts, membership));
  const unmounted = listUnmounted(mounts, memberships);
  return {
    mode: selectMode(v2, v1),
    ...(v2 && { v2 }),
    v1,
    named,
    disabled: parseDisabled(cgroups),
    ...(unmounted.length > 0 && { unmounted }),
  };
}

/** A line of /proc/self/cgroup. */
interface Membership {
  /** `['']` for v2, `['name=systemd']` for a named hierarchy. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Returns the caller's cgroup in each hierarchy, from the text of /proc/PID/cgroup, by controller; v2's key is ''. */
export function parseSelfCgroup(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const { controllers, path } of parseMemberships(text))
    for (const controller of controllers) paths.set(controller, path);
  return paths;
}

function parseMemberships(text: string): readonly Membership[] {
  const memberships: Membership[] = [];
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/[^]*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    // The kernel appends this to the path of a removed cgroup that still has a zombie.
    memberships.push({ controllers: controllers.split(','), path: path.replace(/ \(deleted\)$/, '') });
  }
  return memberships;
}

function visibleCgroupMounts(mountinfo: string): readonly MountEntry[] {
  const mounts = parseMountinfo(mountinfo);
  return mounts
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .filter((mount) => !isHidden(mount, mounts));
}

function detectV2(mounts: readonly MountEntry[], memberships: readonly Membership[]): Hierarchy | undefined {
  const path = memberships.find(({ controllers }) => controllers[0] === '')?.path;
  const found = mounts.filter(({ type }) => type === 'cgroup2');
  const hierarchy = selectMount(found, path ?? '/');
  if (hierarchy === undefined) return undefined;
  // Of all mounts of it they are the same.
  const options = (found[0]?.superOptions ?? []).filter((option) => !['', 'rw', 'ro'].includes(option));
  return options.length === 0 ? hierarchy : { ...hierarchy, options };
}

function detectV1(mounts: readonly MountEntry[], { controllers, path }: Membership): readonly V1Hierarchy[] {
  if (controllers.some((controller) => controller === '' || controller.startsWith('name='))) return [];
  const hierarchy = selectMount(mountsWith(mounts, controllers), path);
  return hierarchy ? [{ controllers, ...hierarchy }] : [];
}

function detectNamed(mounts: readonly MountEntry[], { controllers, path }: Membership): readonly NamedHierarchy[] {
  const [name] = controllers;
  if (!name?.startsWith('name=')) return [];
  const hierarchy = selectMount(mountsWith(mounts, controllers), path);
  return hierarchy ? [{ name: name.slice('name='.length), ...hierarchy }] : [];
}

function listUnmounted(mounts: readonly MountEntry[], memberships: readonly Membership[]): readonly string[] {
  return memberships
    .map(({ controllers }) => controllers.filter((name) => name !== '' && !name.startsWith('name=')))
    .filter((controllers) => mountsWith(mounts, controllers).length === 0)
    .flat();
}

function mountsWith(mounts: readonly MountEntry[], options: readonly string[]): readonly MountEntry[] {
  return mounts.filter((mount) => mount.type === 'cgroup' && options.every((one) => mount.superOptions.includes(one)));
}

// A hierarchy may be mounted several times. The best one shows the caller's cgroup, can be written, and begins at the top.
function selectMount(mounts: readonly MountEntry[], path: string): Hierarchy | undefined {
  const ranked = mounts.map(({ point, root, options, superOptions }) => {
    const own = locate({ mount: point, root }, path);
    const readonly = options.includes('ro') || superOptions.includes('ro');
    const rank = (own === undefined ? 0 : 4) + (readonly ? 0 : 2) + (root === '/' ? 1 : 0);
    return { rank, hierarchy: { mount: point, root, readonly, ...(own !== undefined && { own }) } };
  });
  // The sort is stable: of equals, the one that was mounted first.
  return ranked.sort((a, b) => b.rank - a.rank)[0]?.hierarchy;
}

/** Returns where a mounted hierarchy shows the cgroup that /proc/PID/cgroup calls `path`; `undefined` when it does not. */
export function locate({ mount, root }: Pick<Hierarchy, 'mount' | 'root'>, path: string): string | undefined {
  if (path === root) return mount;
  const prefix = root === '/' ? '' : root;
  const below = path.slice(prefix.length);
  return path.startsWith(`${prefix}/`) && isInside(below) ? mount + below : undefined;
}

// `/..` leads out of the cgroup namespace: there is no such directory here.
const isInside = (path: string): boolean => !path.split('/').includes('..');

function selectMode(v2: Hierarchy | undefined, v1: readonly V1Hierarchy[]): CgroupMode {
  if (v1.length > 0) return v2 ? 'hybrid' : 'legacy';
  return v2 ? 'unified' : 'none';
}

// #subsys_name  hierarchy  num_cgroups  enabled
function parseDisabled(cgroups: string): readonly string[] {
  return cgroups.split('\n').flatMap((line) => {
    const [name = '', , , enabled] = line.split('\t');
    return enabled === '0' ? [name] : [];
  });
}
