import type { HostFacts } from '../host/facts.js';
import type { SlotName, Step } from '../plan/steps.js';
import type { FdPlan } from '../plan/types.js';
import { AT_RECURSIVE, MOUNT_ATTR } from '../util/linux.js';
import type { Context, Part } from './context.js';
import { hasNamespace, isWithin } from './questions.js';
import { isLastOverlay, isStackable } from './bound.js';
import { exposedPaths } from './host-overlay.js';
import { mountsBelow, whyNotIdmapped } from './idmap.js';
import { STAGE, mountLayer } from './layers.js';
import { ROOT } from './stage.js';

/** One host path that is shown inside a directory that is otherwise hidden. */
export interface Exposure extends Part {
  readonly path: string;
}

/**
 * Shows the working directory, and what the caller exposes, where the default root filesystem would hide it. Directories get
 * a throw-away overlay like everything else; files are bound read-only.
 */
export function exposures(context: Context): readonly Exposure[] {
  const { spec, facts } = context;
  const wanted = new Set([spec.process.cwd, ...exposedPaths(context)]);
  return [...wanted]
    .filter((path) => isCovered(context, path))
    .flatMap((path, index) => {
      const kind = facts.kinds[path];
      return kind === undefined ? [] : [{ path, ...expose(context, path, kind === 'directory', index) }];
    });
}

// Something the root's own layers already show needs nothing more. /tmp and /run themselves stay the container's own.
function isCovered({ spec, facts }: Context, path: string): boolean {
  const scratch = spec.mounts.filter(({ type }) => type === 'tmpfs').map(({ destination }) => destination);
  const directories = facts.hidden.filter(({ kind }) => kind === 'directory').map((hidden) => hidden.path);
  return (
    scratch.some((own) => path !== own && isWithin(path, own)) ||
    directories.some((own) => path !== own && isWithin(path, own)) ||
    facts.homes.some((home) => isWithin(path, home) && (path !== home || isHome(home)))
  );
}

// `/home` holds homes and is none itself.
function isHome(path: string): boolean {
  return !path.endsWith('/home');
}

function expose(context: Context, path: string, directory: boolean, index: number): Part {
  const { facts, ids, spec } = context;
  const slot: SlotName = `expose.${String(index)}`;
  const whole = mountsBelow(facts, path).length > 0 && !facts.caller.privileged;
  const refusal = ids.shifted && facts.caller.privileged ? refuses(facts, path, directory) : undefined;
  const source = openSource(context, { slot, path, recursive: whole, idmap: refusal === undefined });
  const notes = refusal === undefined ? [] : [`files of ${path} belong to nobody: ${refusal}`];
  if (!directory || whole || !isStackable(facts, path)) return { ...source, notes, steps: [bindReadOnly(slot, path)] };
  const layer = {
    name: `layer.${slot}`,
    target: path,
    lower: slot,
    last: isLastOverlay(facts, path),
    hidden: facts.hidden.filter((hidden) => staysHidden(context, path, hidden.path)),
  };
  return {
    ...source,
    notes,
    steps: [
      { op: 'attach-mount', tree: slot, root: STAGE, target: slot, attributes: READ_ONLY, recursive: 0, create: 1 },
      ...mountLayer(layer, ROOT, path, hasNamespace(spec, 'user')),
    ],
  };
}

const READ_ONLY = MOUNT_ATTR.MOUNT_ATTR_RDONLY | MOUNT_ATTR.MOUNT_ATTR_NODEV;

function refuses(facts: HostFacts, path: string, directory: boolean): string | undefined {
  return whyNotIdmapped(facts, path, { recursive: false, overlay: directory });
}

// In a home that is the working directory the dot files, where credentials live, stay hidden unless exposed by name.
function staysHidden(context: Context, target: string, path: string): boolean {
  return path !== target && isWithin(path, target) && !exposedPaths(context).some((shown) => isWithin(path, shown));
}

function openSource(
  { facts, ids }: Context,
  { slot, path, recursive, idmap }: { slot: SlotName; path: string; recursive: boolean; idmap: boolean },
): { readonly fds?: readonly FdPlan[]; readonly open?: readonly Step[] } {
  if (facts.caller.privileged) {
    return { fds: [{ slot, kind: 'tree', path, recursive, idmap: idmap && ids.shifted }] };
  }
  return { open: [{ op: 'open-tree', path, flags: recursive ? AT_RECURSIVE : 0, tree: slot }] };
}

function bindReadOnly(tree: SlotName, target: string): Step {
  const attributes = READ_ONLY | MOUNT_ATTR.MOUNT_ATTR_NOSUID;
  return { op: 'attach-mount', tree, root: ROOT, target, attributes, recursive: 1, create: 1 };
}
