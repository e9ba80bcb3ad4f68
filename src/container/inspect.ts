import { readlinkSync } from 'node:fs';
import { type Limits, readLimits } from '../cgroup/limits.js';
import { listProcesses } from '../cgroup/processes.js';
import type { CgroupRef, ScopeRef, V1Ref, V2Ref } from '../cgroup/types.js';
import type { IdRange } from '../plan/types.js';
import { ANNOTATIONS, type CgroupDriver, HOST_OVERLAY, diesWithParent } from '../spec/annotations.js';
import type { IdMapping, SpecNamespaceType, Spec } from '../spec/types.js';
import { readCommand } from './commands.js';
import { type ExecInfo, listExecs } from './execs.js';
import { isAlive } from './identity.js';
import type { State } from './state.js';

/** A namespace that a container's first process is in. */
export interface NamespaceInfo {
  /** What tells it from every other one of its type. @see namespaces(7) */
  readonly inode: number;
  /** It is also the caller's. */
  readonly shared: boolean;
}

/** A directory of the cgroup tree that belongs to a container. */
export interface CgroupInfo {
  readonly path: string;
  /** Those whose files can be read there; on v1, those of its hierarchy. */
  readonly controllers: readonly string[];
  /** Of the directory, in decimal: the kernel never gives the same one twice between boots. */
  readonly inode?: string;
}

/** What a list of containers does not show of one. */
export interface ContainerInternals {
  /** The process that waits for the container and clears up after it. */
  readonly owner: {
    readonly pid: number;
    readonly alive: boolean;
    /** Absent where the caller may not read it, or there is none any more. */
    readonly command?: readonly string[];
  };
  /** It is killed when its owner dies. */
  readonly dieWithParent: boolean;
  /** A small first process of corral's own reaps orphans and hands on signals. */
  readonly init: boolean;
  readonly rootfs: {
    /** On the host. */
    readonly source: string;
    /** It is a throw-away layer over that: what is written to it is gone with the container. */
    readonly overlay: boolean;
    readonly readOnly: boolean;
  };
  /** Those that its first process is in; a type that cannot be read is absent. */
  readonly namespaces: Readonly<Partial<Record<SpecNamespaceType, NamespaceInfo>>>;
  /** Which ids of the host its ids are; absent where they are the same. */
  readonly idMaps?: { readonly uids: readonly IdMapping[]; readonly gids: readonly IdMapping[] };
  readonly cgroup: {
    /** Who has made it. */
    readonly driver: CgroupDriver;
    /** Of `driver: systemd`: the unit, and whose systemd has it. */
    readonly scope?: ScopeRef;
    readonly v2?: CgroupInfo;
    readonly v1: readonly CgroupInfo[];
  };
  /** What was run in it besides, and has not ended. */
  readonly execs: readonly ExecInfo[];
  /** What the kernel holds it to. */
  readonly limits: Limits;
  /** The file that its state is kept in. */
  readonly stateFile: string;
  /** What it was made from. */
  readonly spec: Spec;
}

/**
 * Returns what a list of containers does not show of one.
 *
 * @param pid - its first process; absent when there is none any more
 * @param stateFile - what its state is kept in
 */
export function readInternals(state: State, pid: number | undefined, stateFile: string): ContainerInternals {
  const { owner, spec, idMaps, cgroup } = state;
  const alive = isAlive(owner);
  const command = alive ? readCommand(owner.pid) : undefined;
  return {
    owner: { pid: owner.pid, alive, ...(command === undefined ? {} : { command }) },
    dieWithParent: diesWithParent(spec),
    init: spec.annotations[ANNOTATIONS.init] === 'true',
    rootfs: {
      source: spec.root.path,
      overlay: spec.annotations[ANNOTATIONS.rootfs] === HOST_OVERLAY,
      readOnly: spec.root.readonly === true,
    },
    namespaces: pid === undefined ? {} : readNamespaces([pid, ...listProcesses(cgroup)]),
    ...(idMaps === undefined ? {} : { idMaps: { uids: toMappings(idMaps.uids), gids: toMappings(idMaps.gids) } }),
    cgroup: describeCgroup(cgroup),
    execs: listExecs(state),
    limits: readLimits(cgroup),
    stateFile,
    spec,
  };
}

function toMappings(ranges: readonly IdRange[]): readonly IdMapping[] {
  return ranges.map(({ containerId, hostId, size }) => ({ containerID: containerId, hostID: hostId, size }));
}

function describeCgroup({ v2, v1, scope }: CgroupRef): ContainerInternals['cgroup'] {
  const driver = scope === undefined ? { driver: 'cgroupfs' as const } : { driver: 'systemd' as const, scope };
  return { ...driver, ...(v2 && { v2: describeDirectory(v2) }), v1: v1.map(describeDirectory) };
}

function describeDirectory({ path, controllers, inode }: V2Ref | V1Ref): CgroupInfo {
  return { path, controllers, ...(inode === undefined ? {} : { inode }) };
}

const LINKS: Readonly<Record<SpecNamespaceType, string>> = {
  user: 'user',
  mount: 'mnt',
  pid: 'pid',
  ipc: 'ipc',
  uts: 'uts',
  network: 'net',
  cgroup: 'cgroup',
  time: 'time',
};

// corral-init is not dumpable, and its links are then root's to read; its children are in the same namespaces.
function readNamespaces(pids: readonly number[]): ContainerInternals['namespaces'] {
  const found: Partial<Record<SpecNamespaceType, NamespaceInfo>> = {};
  for (const [type, link] of Object.entries(LINKS) as [SpecNamespaceType, string][]) {
    const inode = pids.reduce<number | undefined>((known, pid) => known ?? readNamespace(String(pid), link), undefined);
    if (inode !== undefined) found[type] = { inode, shared: inode === readNamespace('self', link) };
  }
  return found;
}

function readNamespace(pid: string, link: string): number | undefined {
  try {
    const [, inode] = /:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/${link}`)) ?? [];
    return inode === undefined ? undefined : Number(inode);
  } catch {
    return undefined; // ended, or somebody else's
  }
}
