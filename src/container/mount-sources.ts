import { closeSync, openSync } from 'node:fs';
import type { Act } from '../cgroup/types.js';
import { SyscallError } from '../errors/syscall-error.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { Fd } from '../native/fd.js';
import type { FdPlan } from '../plan/types.js';
import type { UndoStack } from '../util/undo.js';

/** A mount of the host that a plan needs. */
export type TreePlan = Extract<FdPlan, { readonly kind: 'tree' }>;

/** A file system that refused an idmapped mount. The plan was compiled believing otherwise: compile again without. */
export class IdmapRefusedError extends SyscallError {}

/**
 * Clones the host's mounts that a plan needs, and maps their owners' ids with the container's user namespace.
 *
 * @param pid - the container's first process: its user namespace has its maps by now
 * @returns the descriptors by slot, the caller's to close; they are on the undo stack, too
 */
export function openMountSources(
  trees: readonly TreePlan[],
  pid: number,
  { act, undo, joined, mappings = new Map() }: SourceContext,
): ReadonlyMap<string, Fd> {
  const isMapped = trees.some(({ idmap, mapping }) => idmap || mapping?.by === 'container');
  const usernsFd = isMapped ? openSync(userNamespaceOf(pid, joined), 'r') : undefined;
  try {
    return new Map(
      trees.map((tree) => {
        const usernsOf = tree.idmap || tree.mapping?.by === 'container' ? usernsFd : mappings.get(tree.slot);
        return [tree.slot, act(`clone mount ${tree.path}`, () => openTree(tree, usernsOf, undo))];
      }),
    );
  } finally {
    if (usernsFd !== undefined) closeSync(usernsFd);
  }
}

// One that is joined is joined later: the process is not in it yet.
function userNamespaceOf(pid: number, joined: ReadonlyMap<string, Fd>): string {
  const namespace = joined.get('user-namespace');
  return namespace === undefined ? `/proc/${String(pid)}/ns/user` : `/proc/self/fd/${String(namespace.number)}`;
}

interface SourceContext {
  /** The namespaces that the process joins, by slot; they stay the caller's. */
  readonly joined: ReadonlyMap<string, Fd>;
  readonly act: Act;
  readonly undo: UndoStack;
  /** User namespaces of mappings of their own, by slot; they stay the caller's. */
  readonly mappings?: ReadonlyMap<string, number>;
}

function openTree({ path, recursive, mapping }: TreePlan, usernsFd: number | undefined, undo: UndoStack): Fd {
  const tree = new Fd(cloneMount(path, recursive));
  undo.push(`close mount ${path}`, () => {
    tree.close();
  });
  const isRecursive = mapping?.recursive ?? recursive;
  if (usernsFd !== undefined) idmapTree({ path, recursive: isRecursive, treeFd: tree.number, usernsFd });
  return tree;
}

function cloneMount(path: string, recursive: boolean): number {
  try {
    return call(`clone mount ${path}`, () => addon.openTree({ path, recursive }), path);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'ENOENT') throw error;
    const { errno, syscall } = error;
    throw new SyscallError(
      { action: `clone mount ${path}`, syscall, errno, path },
      { hint: 'the path must exist on the host' },
    );
  }
}

function idmapTree({ path, ...mount }: { path: string; recursive: boolean; treeFd: number; usernsFd: number }): void {
  try {
    call(
      `idmap mount ${path}`,
      () => {
        addon.idmapMount(mount);
      },
      path,
    );
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EINVAL') throw error;
    throw new IdmapRefusedError({ action: `idmap mount ${path}`, syscall: error.syscall, errno: error.errno, path });
  }
}
