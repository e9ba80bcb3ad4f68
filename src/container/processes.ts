import { readFileSync } from 'node:fs';
import { listProcesses } from '../cgroup/processes.js';
import type { CgroupRef } from '../cgroup/types.js';
import { readCommand } from './commands.js';
import { isAlive } from './identity.js';
import { findNested, isNestedPath } from './nested.js';
import { type MapLine, mapInside, parseIdMap, parseProcessStat, parseProcessStatus } from './process-parse.js';
import { Store, stateDirectory } from './store.js';

/** A process of a container. */
export interface ProcessInfo {
  /** In the caller's pid namespace. */
  readonly pid: number;
  /** In the container's; absent where the container does not see it. */
  readonly pidInside?: number;
  /** Its effective user, as the caller numbers users. */
  readonly uid: number;
  /** The same as the container numbers them; absent where that has no number for it. */
  readonly uidInside?: number;
  /** As ps(1) shows it: `R`, `S`, `D`, `T`, `Z` … */
  readonly state: string;
  /** CPU time that it has used. */
  readonly cpuMs: number;
  /** What of it is in memory, what it shares with others included. */
  readonly memoryBytes: number;
  /** Its command line, or, of one that shows none, its name in brackets. */
  readonly command: readonly string[];
}

/**
 * Describes the processes of a container, those of the containers that it holds included, by pid. What ends meanwhile is left out.
 *
 * @param init - its first process; absent when there is none any more
 */
function describeProcesses(cgroup: CgroupRef, init: number | undefined): readonly ProcessInfo[] {
  const pids = [...listProcesses(cgroup)].sort((a, b) => a - b);
  const view = viewOf(init ?? pids[0]);
  return pids.flatMap((pid) => describe(pid, view) ?? []);
}

/**
 * Lists the processes of a container, by pid.
 *
 * @param id - its name, or the path of one in another: `outer/inner`
 * @param options - `stateDir`: as of `Containers`
 * @throws NotFoundError
 */
export function listContainerProcesses(
  id: string,
  { stateDir }: { readonly stateDir?: string | undefined } = {},
): readonly ProcessInfo[] {
  const store = new Store(stateDirectory(stateDir, process.geteuid?.() ?? 0, process.env));
  if (isNestedPath(id))
    return describeProcesses(
      findNested(id, (outer) => store.get(outer)),
      undefined,
    );
  const { cgroup, init } = store.get(id);
  return describeProcesses(cgroup, init !== undefined && isAlive(init) ? init.pid : undefined);
}

/** How a container sees processes. */
interface View {
  /** How many pid namespaces the container's is below the caller's. */
  readonly depth: number;
  readonly uids: readonly MapLine[];
}

function viewOf(init: number | undefined): View {
  const pids = parseProcessStatus(read(init, 'status'))?.pids ?? [];
  return { depth: Math.max(0, pids.length - 1), uids: parseIdMap(read(init, 'uid_map')) };
}

function describe(pid: number, { depth, uids }: View): ProcessInfo | undefined {
  const stat = parseProcessStat(read(pid, 'stat'));
  const status = parseProcessStatus(read(pid, 'status'));
  if (stat === undefined || status === undefined) return undefined;
  const pidInside = status.pids[depth];
  const uidInside = mapInside(uids, status.uid);
  return {
    pid,
    ...(pidInside === undefined ? {} : { pidInside }),
    uid: status.uid,
    ...(uidInside === undefined ? {} : { uidInside }),
    state: stat.state,
    cpuMs: stat.cpuMs,
    memoryBytes: stat.memoryBytes,
    command: readCommand(pid) ?? [`[${stat.name}]`],
  };
}

function read(pid: number | undefined, file: string): string {
  if (pid === undefined) return '';
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
