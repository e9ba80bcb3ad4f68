import { CgroupRefusedError } from '../errors/cgroup-error.js';
import { readIfPresent, readInode, readText } from './files.js';
import { checkIdentity, listTargets } from './guard.js';
import { readLayout } from './facts.js';
import { locate, parseSelfCgroup } from './layout.js';
import type { CgroupRef } from './types.js';

/**
 * Finds the v2 cgroup that a process of a container is in at this moment: its inside may have moved it.
 *
 * @param pid - in this process's pid namespace; it must not end meanwhile, so that it is not another one
 * @returns the cgroup's path, which is the container's payload or below it; `undefined` where there is no cgroup v2
 * @throws CgroupRefusedError when it is outside, or when the container's cgroup is not the recorded one
 * @see proc_pid_cgroup(5)
 */
export function findCurrent(ref: CgroupRef, pid: number): string | undefined {
  const { v2 } = readLayout();
  if (v2 === undefined || ref.v2 === undefined) return undefined;
  const { payload } = ref.v2;
  for (const target of listTargets(ref)) checkIdentity('enter', target);
  const name = parseSelfCgroup(readText(`/proc/${String(pid)}/cgroup`)).get('');
  const path = name === undefined ? undefined : locate(v2, name);
  const isInside = path === payload || path?.startsWith(`${payload}/`) === true;
  if (path !== undefined && isInside && readInode(path) !== undefined) return path;
  throw new CgroupRefusedError('enter', path ?? name ?? payload, `the container has been moved out of ${payload}`);
}

/**
 * Finds where a process that enters an engine's container is put on v2: into the container's cgroup, or, where its inside
 * has made that a parent of cgroups with controllers, which can hold no process, to where its first process is.
 *
 * @throws as {@link findCurrent}
 * @see cgroup-v2.rst "No Internal Process Constraint"
 */
export function findEntry(ref: CgroupRef, pid: number): string | undefined {
  if (ref.v2 === undefined) return undefined;
  const { path } = ref.v2;
  for (const target of listTargets(ref)) checkIdentity('enter', target);
  const isParent = (readIfPresent(`${path}/cgroup.subtree_control`) ?? '').trim() !== '';
  return isParent ? findCurrent(ref, pid) : path;
}
