import { basename } from 'node:path/posix';
import { ConfigError } from '../../errors/config-error.js';
import type { Hierarchy } from '../../cgroup/types.js';
import type { SlotName, Step } from '../../plan/steps.js';
import type { CgroupPlan } from '../../plan/types.js';
import { MOUNT_ATTR, MS, MS_PRIVATE } from '../../util/linux.js';
import type { Context } from '../context.js';
import { hasNamespace } from '../questions.js';
import { ROOT } from '../stage.js';
import { cgroup2Options } from './cgroup2-options.js';
import { type EnginePart, type IndexedMount, lateReadOnly, makeMount, propagate } from './mount.js';
import { PLACE, cleanPath, placeRules } from './place.js';
import { openSource } from './source.js';

/** What the directories of cgroup v1 are mounted with, as runc does. */
const SAFE = MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC;

/** The data of a cgroup v1 mount, or that it is v2, and what of it is the container's. */
interface Tree {
  readonly name: string;
  readonly data: string | undefined;
  /** The container's own cgroup, or that of the caller where the container has none. */
  readonly own: string | undefined;
}

/**
 * Compiles a mount of type `cgroup`: on a host with cgroup v2 alone that hierarchy; otherwise a directory with all of them.
 *
 * In a cgroup namespace, its own or one that it joins, the container mounts them anew. Otherwise it is shown the host's, and never
 * mounts v2 anew: the options of such a mount would replace those of the host's own (`nsdelegate`).
 */
export function compileCgroupMount(context: Context, indexed: IndexedMount, cgroup: CgroupPlan): EnginePart {
  const { layout } = context.facts.cgroup;
  const { mount, index } = indexed;
  if (layout.mode === 'none') {
    throw new ConfigError(`/mounts/${String(index)}/type`, mount.type, 'possible: no cgroup hierarchy is mounted here');
  }
  if (layout.mode === 'unified' && layout.v2 !== undefined) return unified(context, indexed, layout.v2);
  return directories(context, indexed, listTrees(context, cgroup));
}

function unified(context: Context, { mount, index, options }: IndexedMount, { mount: path }: Hierarchy): EnginePart {
  const slot: SlotName = `mount.${String(index)}`;
  const rules = placeRules(mount, index, false);
  const place: Step = { op: 'place-mount', mount: slot, root: ROOT, target: cleanPath(mount.destination), rules };
  const { flags, attributes } = options;
  if (hasNamespace(context.spec, 'cgroup')) {
    const data = cgroup2Options(context, options.data).join(',');
    const make = makeMount({ slot, type: 'cgroup2', source: mount.source, flags, data });
    return { steps: [make, ...propagate(slot, options), place] };
  }
  return {
    ...openSource(context, { slot, path, recursive: false }),
    steps: [isolate(slot, attributes.set, attributes.clear), ...propagate(slot, options), place],
  };
}

// Private: nothing that is mounted there later reaches the host.
function isolate(slot: SlotName, set: number, clear: number): Step {
  return { op: 'change-mount', mount: slot, set, clear, propagation: MS_PRIVATE, recursive: 0 };
}

function listTrees({ facts }: Context, { v1, v2 }: CgroupPlan): readonly Tree[] {
  const { layout } = facts.cgroup;
  return [
    ...layout.v1.map(({ mount, controllers, own }) => ({
      name: basename(mount),
      data: controllers.join(','),
      own: v1.find((directory) => directory.controllers.some((name) => controllers.includes(name)))?.path ?? own,
    })),
    ...layout.named.map(({ mount, name, own }) => ({ name: basename(mount), data: `none,name=${name}`, own })),
    ...(layout.v2 === undefined ? [] : [{ name: 'unified', data: undefined, own: v2?.payload ?? layout.v2.own }]),
  ];
}

function directories(context: Context, { mount, index, options }: IndexedMount, trees: readonly Tree[]): EnginePart {
  const slot: SlotName = `mount.${String(index)}`;
  const target = cleanPath(mount.destination);
  const top = makeMount({ slot, type: 'tmpfs', source: 'tmpfs', flags: SAFE, data: 'mode=755' });
  const rules = placeRules(mount, index, false);
  const parts = trees.map((tree, number) =>
    showTree(context, tree, {
      slot: `${slot}.${String(number)}`,
      target: `${target}/${tree.name}`,
      pointer: `/mounts/${String(index)}`,
      readOnly: (options.flags & MS.MS_RDONLY) !== 0,
    }),
  );
  const links = trees.flatMap(({ name, data }) => linksTo(name, data));
  return {
    fds: parts.flatMap(({ fds }) => fds ?? []),
    open: parts.flatMap(({ open }) => open ?? []),
    steps: [
      top,
      ...propagate(slot, options),
      { op: 'place-mount', mount: slot, root: ROOT, target, rules },
      ...parts.flatMap(({ steps }) => steps),
      ...links.map(([name, to]): Step => ({ op: 'make-symlink', root: ROOT, path: `${target}/${name}`, target: to })),
    ],
    late: lateReadOnly(slot, options).steps,
  };
}

function showTree(
  context: Context,
  { data, own }: Tree,
  { slot, target, pointer, readOnly }: { slot: SlotName; target: string; pointer: string; readOnly: boolean },
): EnginePart {
  const place: Step = { op: 'place-mount', mount: slot, root: ROOT, target, rules: PLACE.CREATE };
  const flags = SAFE | (readOnly ? MS.MS_RDONLY : 0);
  if (hasNamespace(context.spec, 'cgroup')) {
    const [type, words] = data === undefined ? ['cgroup2', cgroup2Options(context, []).join(',')] : ['cgroup', data];
    return { steps: [makeMount({ slot, type, source: type, flags, data: words }), place] };
  }
  if (own === undefined) {
    throw new ConfigError(
      `${pointer}/type`,
      'cgroup',
      `possible without a cgroup namespace: ${target} is not seen here`,
    );
  }
  const { MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_RDONLY } = MOUNT_ATTR;
  const set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (readOnly ? MOUNT_ATTR_RDONLY : 0);
  return {
    ...openSource(context, { slot, path: own, recursive: false }),
    steps: [isolate(slot, set, 0), place],
  };
}

/** Programs look for each controller by its own name: `cpu` leads to `cpu,cpuacct`. */
function linksTo(name: string, data: string | undefined): readonly (readonly [string, string])[] {
  const controllers = data?.startsWith('none,') === false ? data.split(',') : [];
  return controllers.filter((controller) => controller !== name).map((controller) => [controller, name] as const);
}
