import { basename } from 'node:path/posix';
import type { KillReport } from '../cgroup/kill.js';
import { type CgroupLeaf, killLeaf, listLeaves } from '../cgroup/leaf.js';
import { listProcessesBelow } from '../cgroup/processes.js';
import { hasCgroup } from '../cgroup/ref.js';
import { ContainerError } from '../errors/container-error.js';
import type { State } from './state.js';

/** An `exec` that has a cgroup of its own, as somebody else sees it. */
export interface ExecInfo {
  /** That of its cgroup: `exec-1`. The same name may be another exec's later. */
  readonly name: string;
  /** Its processes, in the caller's pid namespace. */
  readonly pids: readonly number[];
}

/**
 * Lists the execs of a container. One that found no room for a cgroup of its own is not among them: that is killed by whoever
 * has started it. A container that makes cgroups of such names itself finds them here.
 */
export function listExecs(state: State): readonly ExecInfo[] {
  return leavesOf(state)
    .map(({ path }) => ({ name: basename(path), pids: listProcessesBelow(path) }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/**
 * Kills one exec, with all that it has started, and nothing else of the container.
 *
 * @param options - `dryRun`: kill nothing, and list who would die
 * @throws ContainerError ERR_NOT_FOUND when there is none of the name; CgroupError when something survives
 */
export async function killExec(
  state: State,
  name: string,
  options: { readonly dryRun?: boolean } = {},
): Promise<KillReport> {
  const leaf = leavesOf(state).find(({ path }) => basename(path) === name);
  if (leaf === undefined) throw notFound(state.id, name);
  if (options.dryRun !== true) return killLeaf(leaf);
  const pids = listProcessesBelow(leaf.path);
  return { processes: pids.length, pids, durationMs: 0, rung: 'none', gone: false };
}

function leavesOf({ cgroup }: State): readonly CgroupLeaf[] {
  return hasCgroup(cgroup) && cgroup.flat !== true ? listLeaves(cgroup) : [];
}

function notFound(id: string, name: string): ContainerError {
  const hint = `corral inspect --field execs ${id} lists those that there are`;
  const message = `exec ${JSON.stringify(name)} of ${JSON.stringify(id)} does not exist`;
  return new ContainerError(message, 'ERR_NOT_FOUND', { id, hint });
}
