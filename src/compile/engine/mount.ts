import { ConfigError } from '../../errors/config-error.js';
import type { SlotName, Step } from '../../plan/steps.js';
import type { Mount, Spec } from '../../spec/types.js';
import { MOUNT_ATTR, MS, MS_PRIVATE, MS_SHARED, MS_SLAVE } from '../../util/linux.js';
import type { Context, Part } from '../context.js';
import { STAGE } from '../layers.js';
import { ROOT } from '../stage.js';
import { cgroup2Options } from './cgroup2-options.js';
import { selectMapping } from './mapping.js';
import { type AttributeChange, type EngineMountOptions, sortEngineOptions } from './options.js';
import { cleanPath, placeRules } from './place.js';
import { openSource } from './source.js';

/** A part of the plan, with what has to wait until everything is in its place. */
export interface EnginePart extends Part {
  /** Steps that make read-only what had to be written before. */
  readonly late?: readonly Step[];
}

/** One mount of a spec, and which it is. */
export interface IndexedMount {
  readonly mount: Mount;
  readonly index: number;
  readonly options: EngineMountOptions;
}

/** A mount of a file system, in the words of mount(2). */
export interface FileSystem {
  readonly slot: SlotName;
  readonly type: string;
  readonly source: string;
  readonly flags: number;
  readonly data: string;
  /** A tmpfs there takes the mode of the directory that it covers. */
  readonly like?: string;
}

/** mount(2) takes a page of options, a NUL byte included. */
const MAX_DATA = 4095;

/** Says whether it is a bind mount. @see config.md "Mounts" */
export function isBind({ type }: Mount, { bind }: EngineMountOptions): boolean {
  return bind !== undefined || type === 'bind';
}

/** Compiles one mount of an engine's spec, but for those of type `cgroup`. */
export function compileEngineMount(context: Context, indexed: IndexedMount): EnginePart {
  const { mount, index, options } = indexed;
  if (options.remount) return remount(context, indexed);
  if (isBind(mount, options)) return bind(context, indexed);
  if (options.idmap !== undefined || mount.uidMappings !== undefined || mount.gidMappings !== undefined) {
    throw new ConfigError(
      `/mounts/${String(index)}/options`,
      mount.options,
      'with bind or rbind: only those are idmapped',
    );
  }
  return fileSystem(context, indexed);
}

function bind(context: Context, { mount, index, options }: IndexedMount): EnginePart {
  const slot: SlotName = `mount.${String(index)}`;
  const rules = placeRules(mount, index, true);
  const mapping = selectMapping(context, mount, index, options.idmap);
  const source = {
    slot,
    path: mount.source,
    recursive: options.bind === 'rbind',
    ...(mapping === undefined ? {} : { mapping }),
  };
  return {
    ...openSource(context, source),
    steps: [
      ...inherit(context.spec, slot, options),
      ...change(slot, options.attributes, false),
      ...change(slot, options.recursiveAttributes, true),
      ...propagate(slot, options),
      { op: 'place-mount', mount: slot, root: ROOT, target: cleanPath(mount.destination), rules },
    ],
  };
}

// What is cloned from the host would hand on what is mounted in it to the host: only one that is asked to be shared does, and
// only where the root is, too. Nothing is lost by leaving out what an option says anew.
function inherit(
  { linux: { rootfsPropagation = 'slave' } }: Spec,
  slot: SlotName,
  { propagation: [first] }: EngineMountOptions,
): readonly Step[] {
  const isSaidAnew = first?.recursive === true && first.type !== MS_SHARED;
  if (rootfsPropagation === 'shared' || isSaidAnew) return [];
  const type = rootfsPropagation === 'slave' ? MS_SLAVE : MS_PRIVATE;
  return [{ op: 'change-mount', mount: slot, set: 0, clear: 0, propagation: type, recursive: 1 }];
}

function change(slot: SlotName, { set, clear }: AttributeChange, recursive: boolean): readonly Step[] {
  if (set === 0 && clear === 0) return [];
  return [{ op: 'change-mount', mount: slot, set, clear, propagation: 0, recursive: recursive ? 1 : 0 }];
}

/** Returns the steps for the options that are about propagation. */
export function propagate(slot: SlotName, { propagation }: EngineMountOptions): readonly Step[] {
  return propagation.map(({ type, recursive }) => ({
    op: 'change-mount',
    mount: slot,
    set: 0,
    clear: 0,
    propagation: type,
    recursive: recursive ? 1 : 0,
  }));
}

function fileSystem(context: Context, { mount, index, options }: IndexedMount): EnginePart {
  const { type, source, destination } = mount;
  const slot: SlotName = `mount.${String(index)}`;
  const target = cleanPath(destination);
  const rules = placeRules(mount, index, false);
  if (options.copyUp && type !== 'tmpfs') {
    throw new ConfigError(`/mounts/${String(index)}/options`, mount.options, 'without tmpcopyup: that is for a tmpfs');
  }
  const late = isFilledLater(mount) ? lateReadOnly(slot, options) : { flags: options.flags, steps: [] };
  return {
    steps: [
      makeMount({
        slot,
        type,
        source,
        flags: late.flags,
        data: mountData(context, mount, index, options.data),
        ...(type === 'tmpfs' ? { like: target } : {}),
      }),
      ...(options.copyUp ? [{ op: 'copy-up', mount: slot, root: ROOT, path: target } as const] : []),
      ...change(slot, withoutLate(options.recursiveAttributes, late.steps), true),
      ...propagate(slot, options),
      { op: 'place-mount', mount: slot, root: ROOT, target, rules },
    ],
    late: late.steps,
  };
}

// Other mounts go into a tmpfs, and devices into /dev.
function isFilledLater({ type, destination }: Mount): boolean {
  return type === 'tmpfs' || cleanPath(destination) === '/dev';
}

/** Returns the flags without `ro`, and the steps that make up for it. */
export function lateReadOnly(
  slot: SlotName,
  { flags, recursiveAttributes }: Pick<EngineMountOptions, 'flags' | 'recursiveAttributes'>,
): { readonly flags: number; readonly steps: readonly Step[] } {
  const set = MOUNT_ATTR.MOUNT_ATTR_RDONLY;
  const isReadOnly = (flags & MS.MS_RDONLY) !== 0 || (recursiveAttributes.set & set) !== 0;
  return {
    flags: flags & ~MS.MS_RDONLY,
    steps: isReadOnly ? [{ op: 'change-mount', mount: slot, set, clear: 0, propagation: 0, recursive: 0 }] : [],
  };
}

function withoutLate(attributes: AttributeChange, late: readonly Step[]): AttributeChange {
  return late.length === 0 ? attributes : { ...attributes, set: attributes.set & ~MOUNT_ATTR.MOUNT_ATTR_RDONLY };
}

/** Returns the step that makes a file system on the stage. */
export function makeMount({ slot, type, source, flags, data, like = '' }: FileSystem): Step {
  return { op: 'make-mount', type, source, flags, data, stage: STAGE, root: ROOT, target: like, mount: slot };
}

// proc, sysfs and mqueue take no label: the kernel gives them theirs.
const UNLABELLED: ReadonlySet<string> = new Set(['proc', 'sysfs', 'mqueue']);

function mountData(context: Context, { type }: Mount, index: number, given: readonly string[]): string {
  const { mountLabel = '' } = context.spec.linux;
  const data = type === 'cgroup2' ? cgroup2Options(context, given) : given;
  const label = mountLabel === '' || UNLABELLED.has(type) ? [] : [`context="${mountLabel}"`];
  const text = [...data, ...label].join(',');
  if (Buffer.byteLength(text) <= MAX_DATA) return text;
  throw new ConfigError(`/mounts/${String(index)}/options`, text, `at most ${String(MAX_DATA)} bytes of options`);
}

// What a remount of a bind mount changes belongs to the mount; what that of a file system does, to all who see it.
function remount(context: Context, { mount, index, options }: IndexedMount): EnginePart {
  const { destination } = mount;
  if (!destination.startsWith('/')) {
    throw new ConfigError(`/mounts/${String(index)}/destination`, destination, 'an absolute path');
  }
  const target = cleanPath(destination);
  if (!isBind(mount, options)) {
    const isCgroup = mount.type === 'cgroup' || mount.type === 'cgroup2';
    const data = (isCgroup ? cgroup2Options(context, options.data) : options.data).join(',');
    const flags = options.flags | MS.MS_REMOUNT;
    return {
      steps: [{ op: 'remount', root: ROOT, target, flags, data, stage: STAGE }, ...changeBelow(target, options)],
    };
  }
  const { set, clear } = options.attributes;
  const own: readonly Step[] =
    set === 0 && clear === 0 ? [] : [{ op: 'set-mount-attributes', root: ROOT, target, set, clear, recursive: 0 }];
  return { steps: [...own, ...changeBelow(target, options)] };
}

function changeBelow(target: string, { recursiveAttributes: { set, clear } }: EngineMountOptions): readonly Step[] {
  if (set === 0 && clear === 0) return [];
  return [{ op: 'set-mount-attributes', root: ROOT, target, set, clear, recursive: 1 }];
}

/** Sorts the options of every mount once. */
export function indexMounts(mounts: readonly Mount[]): readonly IndexedMount[] {
  return mounts.map((mount, index) => ({ mount, index, options: sortEngineOptions(mount.options) }));
}
