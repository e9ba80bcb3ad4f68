import type { HiddenPath, HostFacts } from '../host/facts.js';
import type { SlotName, Step } from '../plan/steps.js';
import { MOUNT_ATTR } from '../util/linux.js';
import { mountOf } from './idmap.js';
import { STAGE } from './layers.js';
import { ROOT } from './stage.js';

/** Of what is shown as it is: nothing in it can be written, and no device or set-user-ID file in it counts. */
const BOUND = MOUNT_ATTR.MOUNT_ATTR_RDONLY | MOUNT_ATTR.MOUNT_ATTR_NODEV;

/** Tells whether an overlay can have the file system at `path` as a layer: they stack two deep, and not deeper. */
export function isStackable(facts: HostFacts, path: string): boolean {
  const mount = mountOf(facts, path);
  return mount === undefined || !facts.unstackable.includes(mount.target);
}

/** Tells whether an overlay with the file system at `path` as a layer is the last that can be. */
export function isLastOverlay(facts: HostFacts, path: string): boolean {
  return mountOf(facts, path)?.type === 'overlay';
}

/** A mount of the host that is shown read-only, for want of an overlay. */
export interface BoundLayer {
  readonly tree: SlotName;
  readonly target: string;
  readonly hidden: readonly HiddenPath[];
  /** With what is mounted below. */
  readonly whole: boolean;
  /** Files that are shown instead of the host's: path → content. Only those that the host has can be replaced. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Returns the steps that bind a mount read-only, with private empty directories in the place of hidden ones. Hidden files are
 * left to {@link hiddenFiles}: nothing may be mounted over what comes later.
 */
export function bindLayer({ tree, target, hidden, whole, files = {} }: BoundLayer, facts: HostFacts): readonly Step[] {
  const isRoot = target === '/';
  return [
    {
      op: 'attach-mount',
      tree,
      root: isRoot ? STAGE : ROOT,
      target: isRoot ? 'root' : target,
      attributes: BOUND,
      recursive: whole ? 1 : 0,
      create: 1,
    },
    ...(isRoot ? [{ op: 'open-directory', root: STAGE, path: 'root', directory: ROOT } as const] : []),
    ...hidden.filter(({ kind }) => kind === 'directory').map(privateDirectory),
    ...Object.entries(files)
      .filter(([path]) => facts.kinds[path] === 'file')
      .flatMap(([path, content], index) => replaceFile(path, content, `file.${String(index)}`)),
  ];
}

/** Returns the files that masks have to hide where a mount is bound. */
export function hiddenFiles(hidden: readonly HiddenPath[]): readonly string[] {
  return hidden.filter(({ kind }) => kind === 'file').map(({ path }) => path);
}

function privateDirectory({ path, mode }: HiddenPath): Step {
  return {
    op: 'mount',
    type: 'tmpfs',
    source: 'tmpfs',
    options: [`mode=${mode.toString(8).padStart(4, '0')}`],
    root: ROOT,
    target: path,
    attributes: MOUNT_ATTR.MOUNT_ATTR_NODEV | MOUNT_ATTR.MOUNT_ATTR_NOSUID,
    create: 0,
  };
}

// The working directory is the stage: the file is taken from there by its name.
function replaceFile(path: string, content: string, name: string): readonly Step[] {
  return [
    { op: 'make-file', root: STAGE, path: name, mode: 0o644, content },
    { op: 'open-tree', path: name, flags: 0, tree: name },
    { op: 'attach-mount', tree: name, root: ROOT, target: path, attributes: BOUND, recursive: 0, create: 0 },
  ];
}
