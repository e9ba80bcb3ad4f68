import type { SlotName, Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import type { Mount } from '../spec/types.js';
import { AT_RECURSIVE, MOUNT_ATTR } from '../util/linux.js';
import type { Context, Part } from './context.js';
import { hasNamespace } from './questions.js';
import { whyNotIdmapped } from './idmap.js';
import { isMapped } from './ids.js';
import { sortMountOptions } from './mount-options.js';
import { NOTES } from './notes.js';
import { ROOT } from './stage.js';

/** The group that owns terminals, by every distribution's convention. */
const TTY_GID = 5;

/** Compiles one mount of the spec. */
export function compileMount(context: Context, mount: Mount, index: number): Part {
  switch (mount.type) {
    case 'bind':
      return bind(context, mount, `mount.${String(index)}`);
    case 'cgroup':
      return cgroup(context, mount);
    case 'proc':
      return ownOr(context, mount, 'pid');
    case 'sysfs':
      return ownOr(context, mount, 'network');
    case 'mqueue':
      return ownOr(context, mount, 'ipc');
    case 'devpts':
      return { steps: [fresh({ ...mount, options: [...mount.options, ...ttyGroup(context)] })] };
    default:
      return mount.destination === '/dev/shm' && !hasNamespace(context.spec, 'ipc')
        ? hostBind(mount, '/dev/shm')
        : { steps: [fresh(mount)] };
  }
}

function fresh({ type, source, destination, options }: Mount): Step {
  const { attributes, data } = sortMountOptions(options);
  return { op: 'mount', type, source, options: data, root: ROOT, target: destination, attributes, create: 1 };
}

function ttyGroup({ ids }: Context): readonly string[] {
  return ids.maps === undefined || isMapped(ids.maps.gids, TTY_GID) ? [`gid=${String(TTY_GID)}`] : [];
}

// proc, sysfs and mqueue show a namespace, and only its owner may mount them: with the caller's namespace, and a user
// namespace of one's own, the caller's mount is shown instead.
function ownOr(context: Context, mount: Mount, namespace: 'pid' | 'network' | 'ipc'): Part {
  const own = hasNamespace(context.spec, namespace) || !hasNamespace(context.spec, 'user');
  if (own) return { steps: [fresh(mount)] };
  // Not every host mounts mqueue.
  if (!context.facts.mounts.some(({ target }) => target === mount.destination)) return { steps: [] };
  return hostBind(mount, mount.destination);
}

function hostBind(mount: Mount, source: string): Part {
  const { attributes } = sortMountOptions(mount.options);
  const slot: SlotName = `host${source}`;
  // Attributes of the submounts are left alone: the kernel refuses to loosen what the host has locked.
  return {
    open: [{ op: 'open-tree', path: source, flags: AT_RECURSIVE, tree: slot }],
    steps: [
      { op: 'attach-mount', tree: slot, root: ROOT, target: mount.destination, attributes, recursive: 1, create: 1 },
    ],
  };
}

function cgroup(context: Context, mount: Mount): Part {
  if (context.facts.cgroup.layout.v2 === undefined) {
    return { steps: [], notes: [NOTES.noCgroupMount(mount.destination)] };
  }
  // Never a new mount from the host's cgroup namespace: its options would replace those of the host's own (nsdelegate).
  if (!hasNamespace(context.spec, 'cgroup')) {
    return hostBind({ ...mount, options: ['rbind', 'ro'] }, context.facts.cgroup.layout.v2.mount);
  }
  return { steps: [fresh({ ...mount, type: 'cgroup2', source: 'cgroup2' })] };
}

function bind(context: Context, mount: Mount, slot: SlotName): Part {
  const { facts, ids } = context;
  const { attributes, recursive } = sortMountOptions(mount.options);
  const steps: readonly Step[] = [
    {
      op: 'attach-mount',
      tree: slot,
      root: ROOT,
      target: mount.destination,
      attributes: attributes | MOUNT_ATTR.MOUNT_ATTR_NODEV,
      recursive: recursive ? 1 : 0,
      create: 1,
    },
  ];
  if (!facts.caller.privileged) {
    return { open: [{ op: 'open-tree', path: mount.source, flags: recursive ? AT_RECURSIVE : 0, tree: slot }], steps };
  }
  const refusal = ids.shifted ? whyNotIdmapped(facts, mount.source, { recursive, overlay: false }) : undefined;
  const fd: FdPlan = { slot, kind: 'tree', path: mount.source, recursive, idmap: ids.shifted && refusal === undefined };
  return {
    fds: [fd],
    steps,
    notes: refusal === undefined ? [] : [NOTES.ownedByNobody(mount.source, refusal)],
  };
}
