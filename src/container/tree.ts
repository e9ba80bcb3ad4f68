import { isFrozen } from '../cgroup/freeze.js';
import { listProcesses, listProcessesBelow } from '../cgroup/processes.js';
import { type Stats, type StatsOptions, readStats } from '../cgroup/stats.js';
import type { CgroupRef } from '../cgroup/types.js';
import { NotFoundError } from '../errors/state-errors.js';
import { estimateMemory, readCommand } from './commands.js';
import type { ContainerInfo, Status } from './info.js';
import { joinPath, listContainersIn } from './nested.js';

/** A container with those inside it. All figures include what is inside. */
export interface ContainerTree {
  readonly id: string;
  /** The names from the outermost on, `outer/inner`: what `corral kill` takes. */
  readonly path: string;
  readonly status: Status;
  /** Its first process, in the caller's pid namespace; absent when there is none. */
  readonly pid?: number;
  /** Of a container inside: the command line of its first process but the init. */
  readonly command: readonly string[];
  /** Of a container of the caller's own: what was noted about it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Likewise, RFC 3339. */
  readonly createdAt?: string;
  readonly processes: number;
  readonly stats: Stats;
  /** Bytes; absent where `stats` has them from the kernel. @see {@link estimateMemory} */
  readonly estimatedMemoryBytes?: number;
  /** Those right inside it. */
  readonly containers: readonly ContainerTree[];
}

/** A container of the caller's, and where it is. */
export interface Grown {
  readonly info: ContainerInfo;
  readonly cgroup: CgroupRef;
}

/** How a tree is grown. */
interface GrowOptions extends StatsOptions {
  /** What is known of one inside, where it is the caller's as well. */
  readonly findOwn?: (cgroup: CgroupRef) => ContainerInfo | undefined;
}

/**
 * Returns containers of the caller's with all that they hold. One that is inside another of them, as those that were started there
 * through the supervisor's socket, is there, and nowhere else.
 *
 * @param how - how much is read of what they use
 */
export function growForest(all: readonly Grown[], how: StatsOptions): readonly ContainerTree[] {
  const byInode = new Map(all.map(({ info, cgroup }) => [cgroup.v2?.inode, info]));
  const inner = new Set<string>();
  const findOwn = ({ v2 }: CgroupRef): ContainerInfo | undefined => {
    const found = v2 === undefined ? undefined : byInode.get(v2.inode);
    if (found !== undefined) inner.add(found.id);
    return found;
  };
  // Whoever is around another one has the shorter path: nothing is grown twice.
  const outerFirst = [...all].sort((one, other) => pathLength(one) - pathLength(other));
  const trees = outerFirst.flatMap((one) => (inner.has(one.info.id) ? [] : [growTree(one, { ...how, findOwn })]));
  return trees.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function pathLength({ cgroup }: Grown): number {
  return cgroup.v2?.path.length ?? 0;
}

/** Returns a container of the caller's with all that it holds. @param how - how much is read of what they use */
export function growTree({ info, cgroup }: Grown, how: GrowOptions = {}, path = info.id): ContainerTree {
  const { id, status, pid, command, labels, createdAt, processes, stats } = info;
  return {
    id,
    path,
    status,
    ...(pid === undefined ? {} : { pid }),
    command,
    labels,
    createdAt,
    processes,
    stats,
    ...estimate(stats, cgroup),
    containers: growBelow(cgroup, path, how),
  };
}

/** Returns the container of that path in a tree. @throws NotFoundError */
export function selectBranch(tree: ContainerTree, path: string): ContainerTree {
  if (tree.path === path) return tree;
  const next = tree.containers.find((inner) => path === inner.path || path.startsWith(`${inner.path}/`));
  if (next === undefined) throw new NotFoundError(path);
  return selectBranch(next, path);
}

function growBelow(cgroup: CgroupRef, path: string, how: GrowOptions): readonly ContainerTree[] {
  return listContainersIn(cgroup)
    .map((inner) => growNested(inner, joinPath(path, inner.id), how))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

// Its state is kept inside, where only its own corral trusts it: what is told here is the kernel's.
function growNested(cgroup: CgroupRef, path: string, how: GrowOptions): ContainerTree {
  const own = how.findOwn?.(cgroup);
  if (own !== undefined) return growTree({ info: own, cgroup }, how, path);
  const stats = readStats(cgroup, how);
  const first = findFirst(cgroup);
  return {
    id: cgroup.id,
    path,
    status: stats.processes === 0 ? 'stopped' : isFrozen(cgroup) ? 'paused' : 'running',
    ...(first === undefined ? {} : { pid: first.pid }),
    command: first?.command ?? [],
    processes: stats.processes,
    stats,
    ...estimate(stats, cgroup),
    containers: growBelow(cgroup, path, how),
  };
}

const INIT = 'corral-init';

interface First {
  readonly pid: number;
  readonly command: readonly string[];
}

function findFirst({ v2 }: CgroupRef): First | undefined {
  const own = v2 === undefined ? [] : listProcessesBelow(v2.payload);
  const [pid] = own;
  if (pid === undefined) return undefined;
  const commands = own.map((process) => readCommand(process) ?? []);
  return { pid, command: commands.find(([program]) => program !== undefined && program !== INIT) ?? [INIT] };
}

function estimate({ memoryBytes }: Stats, cgroup: CgroupRef): { estimatedMemoryBytes?: number } {
  return memoryBytes === undefined ? { estimatedMemoryBytes: estimateMemory(listProcesses(cgroup)) } : {};
}
