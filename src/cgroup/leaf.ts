import { mkdirSync } from 'node:fs';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoNumber } from '../util/errno.js';
import { onDirectory, readInode } from './files.js';
import { checkIdentity, type Target } from './guard.js';
import { killTree, type Rung } from './kill-tree.js';
import type { KillReport } from './kill.js';
import { listProcessesBelow } from './processes.js';
import { removeTree } from './remove.js';
import { tryRmdir } from './rmdir.js';
import type { CgroupRef } from './types.js';
import { now } from '../util/now.js';

/** A cgroup below a container's payload, for one `exec`, that can be killed alone. */
export interface CgroupLeaf {
  readonly path: string;
  /** Decimal. */
  readonly inode: string;
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 20;

/**
 * Makes a cgroup below a container's payload. The name must be a new one each time: a cgroup that was killed kills what
 * is cloned into it later, on some kernels.
 *
 * @throws CgroupError
 */
export function createLeaf(ref: CgroupRef, name: string): CgroupLeaf {
  const parent = ref.v2?.payload ?? ref.v1.find(({ controllers }) => controllers.includes('freezer'))?.path;
  const path = `${parent ?? ''}/${name}`;
  const action = `make cgroup ${path}`;
  if (parent === undefined)
    throw new CgroupError({ action, syscall: 'mkdir', errno: errnoNumber('ENOENT') ?? 2, cgroup: path });
  onDirectory(action, path, () => mkdirSync(path));
  return { path, inode: readInode(path) ?? '' };
}

/**
 * Kills what is in a leaf, and nothing else of the container, and removes it. One that is gone is no error.
 *
 * @throws CgroupRefusedError when it is not the leaf that was made
 * @throws CgroupError when something survives
 */
export async function killLeaf(leaf: CgroupLeaf): Promise<KillReport> {
  const startedAt = now();
  const report = (rung: Rung | 'none', processes: number): KillReport => {
    return { processes, durationMs: now() - startedAt, rung, gone: true };
  };
  if (removeLeaf(leaf)) return report('none', 0);
  const processes = listProcessesBelow(leaf.path).length;
  const deadline = startedAt + TIMEOUT_MS;
  for (let attempt = 1; ; attempt++) {
    const rung = await killTree(leaf.path, { deadline });
    if (removeTree(leaf.path)) return report(rung, processes);
    if (attempt < ATTEMPTS) continue;
    const errno = errnoNumber('EBUSY') ?? 16;
    throw new CgroupError({ action: `remove ${leaf.path}`, syscall: 'rmdir', errno, cgroup: leaf.path });
  }
}

/** Removes a leaf in which nothing lives any more. @returns `false` when something does @throws CgroupRefusedError */
export function removeLeaf({ path, inode }: CgroupLeaf): boolean {
  const actual = readInode(path);
  if (actual === undefined) return true;
  const target: Target = { id: path.slice(path.lastIndexOf('/') + 1), path, inode, actual, controller: '' };
  checkIdentity('remove', target);
  return tryRmdir(path) !== 'busy';
}
