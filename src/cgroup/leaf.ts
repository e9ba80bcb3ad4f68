import { mkdirSync } from 'node:fs';
import { basename } from 'node:path/posix';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoNumber } from '../util/errno.js';
import { listChildren, onDirectory, readIfPresent, readInode, writeFile } from './files.js';
import { checkIdentity, listTargets, type Target } from './guard.js';
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
  /** Of its hierarchy: `freezer`; empty for v2, in which a process can be born. */
  readonly controller: '' | 'freezer';
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 20;

/** What the leaves of a container are called, with a number behind it. */
const PREFIX = 'exec-';

/**
 * Makes a cgroup below a container's payload, with the first free number. It must be a new one each time: a cgroup that was
 * killed kills what is cloned into it later, on some kernels.
 *
 * @throws CgroupError EAGAIN where the container may have no more cgroups
 */
export function createLeaf(ref: CgroupRef): CgroupLeaf {
  const parent = selectParent(ref);
  for (let number = 1; ; number++) {
    const path = `${parent.path}/${PREFIX}${String(number)}`;
    if (!tryMake(path)) continue;
    if (parent.controller === '') settle(path);
    return { path, inode: readInode(path) ?? '', controller: parent.controller };
  }
}

/** Returns the leaves that a container has: those of its own, and what its inside has called so. */
export function listLeaves(ref: CgroupRef): readonly CgroupLeaf[] {
  for (const target of listTargets(ref)) checkIdentity('list', target);
  const { path: parent, controller } = selectParent(ref);
  return listChildren(parent)
    .filter((path) => /^exec-\d+$/.test(basename(path)))
    .flatMap((path) => {
      const inode = readInode(path);
      return inode === undefined ? [] : [{ path, inode, controller }];
    });
}

function selectParent({ id, v2, v1 }: CgroupRef): Pick<CgroupLeaf, 'path' | 'controller'> {
  if (v2 !== undefined) return { path: v2.payload, controller: '' };
  const freezer = v1.find(({ controllers }) => controllers.includes('freezer'));
  if (freezer !== undefined) return { path: freezer.path, controller: 'freezer' };
  const cgroup = v1[0]?.path ?? '';
  const action = `make cgroup in ${JSON.stringify(id)}`;
  throw new CgroupError(
    { action, syscall: 'mkdir', errno: errnoNumber('ENOENT') ?? 2, cgroup },
    { hint: 'this host has neither cgroup v2 nor the v1 freezer' },
  );
}

/** @returns `false` when the name is taken */
function tryMake(path: string): boolean {
  try {
    onDirectory(`make cgroup ${path}`, path, () => mkdirSync(path));
    return true;
  } catch (error) {
    if (error instanceof CgroupError && error.code === 'EEXIST') return false;
    throw error;
  }
}

// Where the inside has made cgroups for threads in its payload, a new one can hold no process until it is threaded, too.
// @see cgroup-v2.rst "Threads"
function settle(path: string): void {
  if (readIfPresent(`${path}/cgroup.type`)?.trim() !== 'domain invalid') return;
  try {
    writeFile(path, 'cgroup.type', 'threaded');
  } catch (error) {
    tryRmdir(path);
    throw error;
  }
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
export function removeLeaf({ path, inode, controller }: CgroupLeaf): boolean {
  const actual = readInode(path);
  if (actual === undefined) return true;
  const target: Target = { id: basename(path), path, inode, actual, controller };
  checkIdentity('remove', target);
  return tryRmdir(path) !== 'busy';
}
