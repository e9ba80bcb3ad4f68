import { dirname } from 'node:path/posix';
import type { HiddenPath, HostFacts, HostMount } from '../host/facts.js';
import type { SlotName, Step } from '../plan/steps.js';
import { ANNOTATIONS } from '../spec/annotations.js';
import type { Context, Part } from './context.js';
import { bindLayer, hiddenFiles, isLastOverlay, isStackable } from './bound.js';
import { hasNamespace, isWithin } from './questions.js';
import { mountsBelow, whyNotIdmapped } from './idmap.js';
import { type Layer, STAGE, mountLayer } from './layers.js';
import { NOTES } from './notes.js';
import { ROOT } from './stage.js';
import { AT_RECURSIVE, MOUNT_ATTR } from '../util/linux.js';

/** What the kernel makes up, or what a container gets of its own: never a layer. */
const PSEUDO = new Set([
  'autofs',
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devpts',
  'devtmpfs',
  'efivarfs',
  'fusectl',
  'hugetlbfs',
  'mqueue',
  'nsfs',
  'proc',
  'pstore',
  'ramfs',
  'rpc_pipefs',
  'securityfs',
  'selinuxfs',
  'sysfs',
  'tmpfs',
  'tracefs',
]);

/** Of a host mount that is only ever a layer of an overlay. */
const LOWER = MOUNT_ATTR.MOUNT_ATTR_RDONLY | MOUNT_ATTR.MOUNT_ATTR_NODEV;

/** Of a host mount that is shown as it is. */
const BOUND = LOWER | MOUNT_ATTR.MOUNT_ATTR_NOSUID;

/** Always the container's own. */
const OWN = ['/proc', '/sys', '/dev', '/run', '/tmp'];

/** Returns the directories that the default root filesystem shows empty: homes, and what the host keeps to itself. */
function hiddenDirectories(facts: HostFacts): readonly string[] {
  return [...facts.homes, ...facts.hidden.filter(({ kind }) => kind === 'directory').map(({ path }) => path)];
}

/** The host paths that the caller wants to see although they are hidden. */
export function exposedPaths({ spec }: Context): readonly string[] {
  const text = spec.annotations[ANNOTATIONS.expose];
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

/** Returns what stays hidden below `target`, and is not exposed. */
function hiddenBelow(context: Context, target: string, ownMounts: readonly string[]): readonly HiddenPath[] {
  const exposed = exposedPaths(context);
  const homes = context.facts.homes.map((path): HiddenPath => ({ path, kind: 'directory', mode: homeMode(path) }));
  const all = [...homes, ...context.facts.hidden];
  return all.filter(
    ({ path }) =>
      path !== target &&
      isWithin(path, target) &&
      !exposed.some((shown) => isWithin(path, shown)) &&
      !ownMounts.some((mount) => mount !== target && isWithin(mount, target) && isWithin(path, mount)) &&
      // One inside another is hidden with it.
      !all.some((other) => other.path !== path && other.kind === 'directory' && isWithin(path, other.path)),
  );
}

function homeMode(path: string): number {
  return path === '/root' ? 0o700 : 0o755;
}

/** Returns the host's real mounts below `/` that the container is to see, in mount order. */
function visibleMounts(context: Context): readonly HostMount[] {
  const { facts } = context;
  const exposed = exposedPaths(context);
  const covered = [...OWN, ...hiddenDirectories(facts)].filter((path) => !exposed.includes(path));
  const last = new Map(facts.mounts.map((mount) => [mount.target, mount]));
  return [...last.values()].filter(
    ({ target, type, unreachable }) =>
      target !== '/' && unreachable !== true && !PSEUDO.has(type) && !covered.some((path) => isWithin(target, path)),
  );
}

/** The slot of the clone of a host mount. */
function treeSlot(target: string): SlotName {
  return target === '/' ? 'host-root' : `host${target}`;
}

/** The directory on the stage where the clone of a host mount is attached. */
function treeDirectory(index: number): string {
  return `host.${String(index)}`;
}

/**
 * The root filesystem of a caller who may clone the host's mounts: one overlay for `/`, one for each real file system
 * mounted below.
 */
export function hostOverlay(context: Context, files: Readonly<Record<string, string>>): Part {
  const mounts = [{ target: '/', type: '', readOnly: false, isFile: false }, ...visibleMounts(context)];
  const ownMounts = mounts.map(({ target }) => target);
  const parts = mounts.map((mount, index) =>
    showMount(context, mount, { index, ownMounts, files: mount.target === '/' ? files : {} }),
  );
  return {
    fds: parts.flatMap(({ fds }) => fds ?? []),
    notes: [...parts.flatMap(({ notes }) => notes ?? []), ...boundNotes(context.facts, mounts)],
    steps: parts.flatMap(({ steps }) => steps),
    masked: parts.flatMap(({ masked }) => masked ?? []),
  };
}

function boundNotes(facts: HostFacts, mounts: readonly HostMount[]): readonly string[] {
  const bound = mounts
    .filter(({ target, isFile }) => !isFile && !isStackable(facts, target))
    .map(({ target }) => target);
  return bound.length === 0 ? [] : [NOTES.bound(bound.join(', '))];
}

interface Showing {
  readonly index: number;
  /** The targets of all mounts that are shown. */
  readonly ownMounts: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

function showMount(context: Context, { target, isFile }: HostMount, showing: Showing): Part {
  const { facts, ids } = context;
  const tree = treeSlot(target);
  const locked = facts.locked.includes(target);
  const overlay = !isFile && !locked && isStackable(facts, target);
  const refusal = ids.shifted ? whyNotIdmapped(facts, target, { recursive: locked, overlay }) : undefined;
  const source: Omit<Part, 'steps'> = {
    fds: [{ slot: tree, kind: 'tree', path: target, recursive: locked, idmap: ids.shifted && refusal === undefined }],
    notes: refusal === undefined ? [] : [NOTES.ownedByNobody(target, refusal)],
  };
  // There is no overlay of a file.
  if (isFile) return { ...source, steps: [bindFile(tree, target)] };
  const { index, ownMounts, files } = showing;
  const hidden = hiddenBelow(context, target, ownMounts);
  if (!overlay) {
    return {
      ...source,
      notes: [...(source.notes ?? []), ...(locked ? [NOTES.readOnly(target)] : [])],
      steps: bindLayer({ tree, target, hidden, files, whole: locked }, facts),
      masked: hiddenFiles(hidden),
    };
  }
  const lower = treeDirectory(index);
  const layer: Layer = {
    name: `layer.${String(index)}`,
    target,
    lower,
    hidden,
    files,
    last: isLastOverlay(facts, target),
    directories: refusal === undefined ? [] : mountPoints(context, target, ownMounts),
  };
  return { ...source, steps: [attach(tree, lower), ...overlaySteps(context, layer)] };
}

function overlaySteps({ spec }: Context, layer: Layer): readonly Step[] {
  const userns = hasNamespace(spec, 'user');
  if (layer.target !== '/') return mountLayer(layer, ROOT, layer.target, userns);
  return [...mountLayer(layer, STAGE, 'root', userns), openRoot()];
}

// Where all files belong to nobody, not even root could make a mount point: the directories around them are made its own.
function mountPoints({ spec }: Context, target: string, ownMounts: readonly string[]): readonly string[] {
  const around = spec.mounts.map(({ destination }) => dirname(destination));
  const nearest = (path: string): string | undefined =>
    ownMounts.filter((own) => isWithin(path, own)).sort((a, b) => b.length - a.length)[0];
  return [...new Set(around)].filter((path) => path !== target && nearest(path) === target);
}

function attach(tree: SlotName, target: string): Step {
  return { op: 'attach-mount', tree, root: STAGE, target, attributes: LOWER, recursive: 0, create: 1 };
}

function bindFile(tree: SlotName, target: string): Step {
  return { op: 'attach-mount', tree, root: ROOT, target, attributes: BOUND, recursive: 0, create: 1 };
}

function openRoot(): Step {
  return { op: 'open-directory', root: STAGE, path: 'root', directory: ROOT };
}

/**
 * The root filesystem of a caller who may not clone single mounts of the host: in a mount namespace of a new user namespace
 * the copied mounts are locked together, and overlayfs refuses a lower directory with locked mounts below it. So each
 * directory of `/` without mounts gets an overlay of its own, and what has mounts below is bound read-only.
 */
export function hostOverlayUnprivileged(context: Context, files: Readonly<Record<string, string>>): Part {
  const { facts } = context;
  const open: Step[] = [];
  const notes: string[] = [];
  const steps: Step[] = [rootTmpfs(), openRoot()];
  const exposed = exposedPaths(context);
  const skipped = [...OWN, ...facts.homes.filter((home) => !exposed.includes(home))];
  for (const { name, kind, target } of facts.rootEntries) {
    const path = `/${name}`;
    if (skipped.includes(path)) {
      if (!OWN.includes(path)) steps.push({ op: 'make-directory', root: ROOT, path, mode: 0o755 });
    } else if (kind === 'symlink') {
      steps.push({ op: 'make-symlink', root: ROOT, path, target: target ?? '' });
    } else if (kind === 'directory' && mountsBelow(facts, path).length === 0 && isStackable(facts, path)) {
      const layer: Layer = {
        name: `layer.${name}`,
        target: path,
        lower: path,
        hidden: hiddenBelow(context, path, []),
        last: isLastOverlay(facts, path),
        files: filesBelow(files, path),
      };
      steps.push(...mountLayer(layer, ROOT, path, true));
    } else if (kind === 'directory') {
      const slot = treeSlot(path);
      open.push({ op: 'open-tree', path, flags: AT_RECURSIVE, tree: slot });
      steps.push({
        op: 'attach-mount',
        tree: slot,
        root: ROOT,
        target: path,
        attributes: BOUND,
        recursive: 1,
        create: 1,
      });
      notes.push(isStackable(facts, path) ? NOTES.readOnly(path) : NOTES.bound(path));
      steps.push(...mountsInside(context, path));
    }
  }
  return { open, steps, notes };
}

// A mount without mounts below it can be a layer all the same: the working directory is often one.
function mountsInside(context: Context, path: string): readonly Step[] {
  return visibleMounts(context)
    .filter(
      ({ target, isFile }) =>
        isWithin(target, path) &&
        !isFile &&
        mountsBelow(context.facts, target).length === 0 &&
        isStackable(context.facts, target),
    )
    .flatMap(({ target }, index) => {
      const hidden = hiddenBelow(context, target, []);
      return mountLayer(
        {
          name: `layer${path}.${String(index)}`.replaceAll('/', '.'),
          target,
          lower: target,
          hidden,
          last: isLastOverlay(context.facts, target),
        },
        ROOT,
        target,
        true,
      );
    });
}

function rootTmpfs(): Step {
  return {
    op: 'mount',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['mode=0755'],
    root: STAGE,
    target: 'root',
    attributes: MOUNT_ATTR.MOUNT_ATTR_NODEV,
    create: 1,
  };
}

function filesBelow(files: Readonly<Record<string, string>>, path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).filter(([file]) => isWithin(file, path)));
}
