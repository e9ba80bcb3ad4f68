import { ConfigError } from '../../errors/config-error.js';
import type { SlotName, Step } from '../../plan/steps.js';
import type { CgroupPlan } from '../../plan/types.js';
import type { HostFacts } from '../../host/facts.js';
import type { Spec } from '../../spec/types.js';
import { MOUNT_ATTR, MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from '../../util/linux.js';
import type { Context, Part } from '../context.js';
import { NULL_DEVICE, compileNullDevice } from '../devices.js';
import { compileCreateHooks } from '../hooks.js';
import { STAGE } from '../layers.js';
import { ROOT, makeStage } from '../stage.js';
import { checkMove, enterNewRoot, isMoved } from './move.js';
import { compileCgroupMount } from './cgroup.js';
import { compileEngineDevices } from './devices.js';
import { type EnginePart, type IndexedMount, compileEngineMount, indexMounts, isBind } from './mount.js';
import { PLACE, cleanPath } from './place.js';
import { openSource } from './source.js';

/** Tells whether the container gets a mount namespace of its own, in which corral may change what it likes. */
export function ownsMounts({ linux }: Spec): boolean {
  return linux.namespaces.some(({ type, path }) => type === 'mount' && path === undefined);
}

/**
 * The root file system of an engine's spec and all that is mounted in it, to the letter, up to the change of root.
 *
 * @throws ConfigError naming the field that this host cannot give
 */
export function compileEngineRoot(context: Context, cgroup: CgroupPlan): Part {
  const { spec } = context;
  if (isMoved(spec)) checkMove(spec);
  if (!ownsMounts(spec)) return enterRoot(context);
  checkLabel(context);
  const mounts = indexMounts(spec.mounts);
  const parts: readonly EnginePart[] = [
    compileNullDevice(),
    rootFileSystem(context),
    ...mounts.map((indexed) => compileOne(context, indexed, cgroup)),
    compileEngineDevices(context),
  ];
  return {
    fds: parts.flatMap(({ fds }) => fds ?? []),
    steps: [
      // Nothing that is mounted here reaches the host; what the host mounts may be seen by what is cloned from here.
      { op: 'set-propagation', path: '/', propagation: MS_SLAVE },
      ...parts.flatMap(({ open }) => open ?? []),
      ...makeStage(stageOn(context.facts)),
      ...parts.flatMap(({ steps }) => steps),
      ...spec.linux.maskedPaths.map((path): Step => ({ op: 'mask-path', root: ROOT, path, null: NULL_DEVICE })),
      ...makeWorkingDirectory(spec),
      // A hook may still change the root file system.
      ...compileCreateHooks(context.id, spec),
      ...parts.flatMap(({ late }) => late ?? []),
      ...(spec.root.readonly === true ? [changeRootMount({ set: MOUNT_ATTR.MOUNT_ATTR_RDONLY })] : []),
      enterNewRoot(context),
      ...setRootPropagation(spec),
    ],
  };
}

function compileOne(context: Context, indexed: IndexedMount, cgroup: CgroupPlan): EnginePart {
  const { mount, options } = indexed;
  const isCgroup = mount.type === 'cgroup' && !isBind(mount, options) && !options.remount;
  return isCgroup ? compileCgroupMount(context, indexed, cgroup) : compileEngineMount(context, indexed);
}

const ROOT_TREE: SlotName = 'rootfs';

/** Private here, whatever it is to become: a shared one could not be pivoted to. */
function rootFileSystem(context: Context): EnginePart {
  const { rootfsPropagation = 'slave' } = context.spec.linux;
  const propagation = rootfsPropagation === 'slave' ? MS_SLAVE : MS_PRIVATE;
  return {
    ...openSource(context, { slot: ROOT_TREE, path: context.spec.root.path, recursive: true }),
    steps: [
      { op: 'change-mount', mount: ROOT_TREE, set: 0, clear: 0, propagation, recursive: 1 },
      ...placeRoot(cleanPath(context.spec.root.path)),
    ],
  };
}

// On its own place: hooks know it by the path that the spec has. What is put on `/` would not be seen there.
function placeRoot(path: string): readonly Step[] {
  const [root, target] = path === '/' ? [STAGE, 'root'] : [undefined, path];
  return [
    { op: 'place-mount', mount: ROOT_TREE, root, target, rules: path === '/' ? PLACE.CREATE : 0 },
    { op: 'open-directory', root, path: target, directory: ROOT },
  ];
}

// `shared`: a peer group of its own, which is not the host's. @see config-linux.md "Rootfs Mount Propagation"
function setRootPropagation({ linux: { rootfsPropagation = 'slave' } }: Spec): readonly Step[] {
  if (rootfsPropagation === 'shared') return [changeRootMount({ propagation: MS_SHARED })];
  return rootfsPropagation === 'unbindable' ? [changeRootMount({ propagation: MS_UNBINDABLE })] : [];
}

function changeRootMount({ set = 0, propagation = 0 }: { readonly set?: number; readonly propagation?: number }): Step {
  return { op: 'change-mount', mount: ROOT, set, clear: 0, propagation, recursive: 0 };
}

// The stage covers a directory of the host, and file systems may be mounted from /tmp, or hooks lie there: hardly anybody needs
// what is here.
function stageOn({ mounts }: HostFacts): string {
  return mounts.some(({ target, type }) => target === '/sys' && type === 'sysfs') ? '/sys/kernel' : '/tmp';
}

// As engines expect; a `..` in it counts for what it is, lexically.
function makeWorkingDirectory({ process: { cwd } }: Spec): readonly Step[] {
  const path = cleanPath(cwd);
  return path === '/' ? [] : [{ op: 'make-directory', root: ROOT, path, mode: 0o755 }];
}

/**
 * Without mounts of its own the container has what the namespace that it is in has, below another root. Whatever would change
 * that would change it for everybody there.
 */
function enterRoot({ id, spec }: Context): Part {
  const { root, mounts, linux } = spec;
  const refused: readonly (readonly [string, unknown])[] = [
    ['/mounts', mounts],
    ['/linux/maskedPaths', linux.maskedPaths],
    ['/linux/readonlyPaths', linux.readonlyPaths],
    ['/linux/devices', linux.devices ?? []],
  ];
  const expected = 'possible without a mount namespace of its own';
  for (const [pointer, value] of refused) {
    if (Array.isArray(value) && value.length > 0) throw new ConfigError(pointer, value, expected);
  }
  if (root.readonly === true) throw new ConfigError('/root/readonly', root.readonly, expected);
  return {
    steps: [
      { op: 'open-directory', root: undefined, path: root.path, directory: ROOT },
      ...compileCreateHooks(id, spec),
      ...(cleanPath(root.path) === '/' ? [] : [{ op: 'change-root', root: ROOT } as const]),
    ],
  };
}

// With no SELinux the kernel takes `context=` for an option of the file system, and refuses that.
function checkLabel({ spec, facts }: Context): void {
  const { mountLabel = '' } = spec.linux;
  if (mountLabel === '' || facts.mounts.some(({ type }) => type === 'selinuxfs')) return;
  throw new ConfigError('/linux/mountLabel', mountLabel, 'possible: SELinux is not enabled on this host');
}
