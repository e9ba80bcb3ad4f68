import { readFileSync } from 'node:fs';
import { readInode } from '../../cgroup/files.js';
import { locate } from '../../cgroup/layout.js';
import type { Hierarchy } from '../../cgroup/types.js';
import { RefusedError } from '../../errors/refused-error.js';
import type { HeldProcess } from './held-process.js';
import { parseUnifiedPath } from './status.js';

/** Where a process is in the cgroup v2 hierarchy, as this process sees it. */
export interface Membership {
  /** Absolute. */
  readonly path: string;
  /** Decimal: what the kernel calls the cgroup. */
  readonly inode: string;
}

/** How often a process is looked for that moves while it is looked for. */
const TRIES = 20;

/**
 * Finds the cgroup that a process is in at this moment.
 *
 * The kernel tells the cgroup's number by the pidfd (since 6.13), and its path by the pid. A path counts where the directory behind
 * it has that number; before 6.13, where the path was the same before and after the look at the directory.
 *
 * @returns `undefined` where the hierarchy does not show it: it is outside of this process's cgroup namespace
 * @throws RefusedError ESRCH where it has ended, EAGAIN where it never stays where it is
 */
export function findMembership(held: HeldProcess, hierarchy: Hierarchy): Membership | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const id = held.cgroupId();
    const name = readName(held);
    const path = name === undefined ? undefined : locate(hierarchy, name);
    const inode = path === undefined ? undefined : readInode(path);
    const isSettled = id === undefined ? readName(held) === name : path === undefined || inode === id;
    if (!isSettled) continue;
    if (path === undefined) return undefined;
    if (inode !== undefined) return { path, inode };
  }
  throw new RefusedError('find the cgroup of the process', 'EAGAIN', { hint: 'it moves from one to the next' });
}

function readName(held: HeldProcess): string | undefined {
  return held.look((directory) => parseUnifiedPath(readFileSync(`${directory}/cgroup`, 'utf8')));
}
