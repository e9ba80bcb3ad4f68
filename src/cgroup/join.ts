import { writeFile } from './files.js';
import type { Act } from './types.js';

/**
 * Moves a process into the v1 directories of its container, all in one row: the kernel then waits for one grace period
 * instead of one for each.
 *
 * @throws CgroupError
 * @see cgroup-v1/cgroups.rst 2.2 "Attaching processes"
 */
export function joinV1({ v1 }: { readonly v1: readonly { readonly path: string }[] }, pid: number, act: Act): void {
  for (const { path } of v1) join(path, pid, act);
}

/** Moves a process into the v1 cgroups that its container shares with somebody else. @throws CgroupError */
export function joinAlso({ also = [] }: { readonly also?: readonly string[] }, pid: number, act: Act): void {
  for (const path of also) join(path, pid, act);
}

/** Moves a process into the cgroup at `path`, of either version. @throws CgroupError */
export function join(path: string, pid: number, act: Act): void {
  act(`move process ${pid} to ${path}`, () => {
    writeFile(path, 'cgroup.procs', String(pid));
  });
}
