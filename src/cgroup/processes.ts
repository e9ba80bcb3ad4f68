import { codeOf, ifPresent, listChildren, readIfPresent, readText } from './files.js';
import { parseWords } from './parse.js';
import { fieldOf } from '../util/proc-fields.js';
import type { CgroupRef } from './types.js';

/**
 * Returns the pids of a container's processes, those of all cgroups below its own included, as this process's PID
 * namespace numbers them. A zombie is not among them.
 *
 * While they run, the list is old when it is read: it is for people, and for a frozen container.
 */
export function listProcesses({ v2, v1 }: CgroupRef): readonly number[] {
  const path = v2?.path ?? v1[0]?.path;
  return path === undefined ? [] : listProcessesBelow(path, v2?.payload);
}

/** Returns how many processes a container has. */
export function countProcesses(ref: CgroupRef): number {
  return listProcesses(ref).length;
}

/** Returns how many processes and threads a container has, by a count; `undefined` without cgroup v2. */
export function countThreads({ v2 }: CgroupRef): number | undefined {
  return v2 === undefined ? undefined : countThreadsBelow(v2.path, v2.payload);
}

function countThreadsBelow(path: string, likely?: string): number {
  const own = parseWords(readIfPresent(`${path}/cgroup.threads`) ?? '').length;
  return listChildren(path, likely).reduce((sum, child) => sum + countThreadsBelow(child), own);
}

/** Returns the pids in the cgroup at `path` and in all below it. @param likely - one that is right below, as it seems */
export function listProcessesBelow(path: string, likely?: string): readonly number[] {
  const pids = new Set<number>();
  collect(path, pids, likely);
  return [...pids];
}

function collect(path: string, pids: Set<number>, likely?: string): void {
  for (const pid of listOwn(path)) pids.add(pid);
  for (const child of listChildren(path, likely)) collect(child, pids);
}

function listOwn(path: string): readonly number[] {
  try {
    // 0 is a process that this PID namespace does not show.
    return parseWords(readText(`${path}/cgroup.procs`))
      .map(Number)
      .filter((pid) => pid > 0);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENODEV') return [];
    // A threaded cgroup lists its processes in its domain's root only, and here just their threads.
    if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return listThreaded(path);
    throw error;
  }
}

function listThreaded(path: string): readonly number[] {
  const threads = parseWords(ifPresent(() => readText(`${path}/cgroup.threads`)) ?? '');
  return threads.flatMap((thread) => {
    const group = fieldOf(readIfPresent(`/proc/${thread}/status`) ?? '', 'Tgid');
    return group === undefined ? [] : [Number(group)];
  });
}
