import { chownSync } from 'node:fs';
import type { CgroupPlan } from '../plan/types.js';
import { codeOf, onDirectory, readIfPresent, writeFile } from './files.js';
import { parseWords } from './parse.js';
import type { Act } from './types.js';

type Delegation = NonNullable<NonNullable<CgroupPlan['v2']>['delegate']>;

/** What a kernel before 4.15, which has no list of them, lets a cgroup's new owner write. */
const FILES = ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];

/**
 * Gives a container's payload cgroup to its user: the directory, in which they may make others, and the files that the
 * kernel names, with which processes are moved and controllers handed on. The files that carry limits stay the caller's.
 *
 * @param path - the cgroup that carries the limits
 * @param payload - the one below it
 * @throws CgroupError
 * @see cgroup-v2.rst "Model of Delegation"; sys_kernel_cgroup(5)
 */
export function delegate(path: string, payload: string, { uid, gid, controllers }: Delegation, act: Act): void {
  const value = controllers.map((controller) => `+${controller}`).join(' ');
  if (value !== '')
    act(`write ${value} to ${path}/cgroup.subtree_control`, () => {
      writeFile(path, 'cgroup.subtree_control', value);
    });
  const files = parseWords(readIfPresent('/sys/kernel/cgroup/delegate') ?? FILES.join(' '));
  for (const file of ['', ...files.map((name) => `/${name}`)])
    act(`give ${payload}${file} to ${String(uid)}:${String(gid)}`, () => {
      give(payload, file, uid, gid);
    });
}

// A file whose controller is not here does not exist.
function give(payload: string, file: string, uid: number, gid: number): void {
  const path = payload + file;
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if (file !== '' && codeOf(error) === 'ENOENT') return;
    onDirectory(`give ${path} to ${String(uid)}:${String(gid)}`, payload, () => {
      throw error;
    });
  }
}
