import type { Namespace } from '../../../spec/types.js';
import { CLONE } from '../../../util/linux.js';
import { CGROUP_MODES, type CgroupMode, type CriuOptions } from './rpc.js';

/** What checkpoint and restore have in common. @see runc-checkpoint(8), runc-restore(8) */
export interface CriuFlags {
  /** The program: a name is looked up in PATH. */
  readonly program: string;
  /** Where the images are. */
  readonly imagePath: string;
  /** Where criu writes its log and its notes; absent: with the images. */
  readonly workPath?: string;
  readonly tcpEstablished: boolean;
  readonly extUnixSk: boolean;
  readonly shellJob: boolean;
  readonly fileLocks: boolean;
  readonly lazyPages: boolean;
  readonly autoDedup: boolean;
  /** @defaultValue `soft` */
  readonly manageCgroupsMode?: CgroupMode;
}

/** What a checkpoint has besides. */
export interface CheckpointFlags extends CriuFlags {
  /** Relative to the images: those of the dump before. */
  readonly parentPath?: string;
  readonly leaveRunning: boolean;
  /** Only the memory, and the container goes on. */
  readonly preDump: boolean;
  readonly pageServer?: { readonly address: string; readonly port: number };
  /** A descriptor of this process that gets a NUL byte once pages can be asked for. */
  readonly statusFd?: number;
  readonly tcpSkipInFlight: boolean;
  readonly linkRemap: boolean;
}

/** What a restore has besides. */
export interface RestoreFlags extends CriuFlags {
  readonly lsmProfile?: string;
  readonly lsmMountContext?: string;
}

/** Directories that are open in this process. */
export interface Directories {
  readonly images: number;
  readonly work?: number;
}

/** The names of criu's logs. */
export const LOGS = { dump: 'dump.log', restore: 'restore.log' } as const;

/** criu's level "debug". */
const LOG_LEVEL = 4;

/** Says it all: that is how criu's own files can override the rest. @see runc, docs/checkpoint-restore.md */
function common(flags: CriuFlags, { images, work }: Directories): CriuOptions {
  return {
    imagesDirFd: images,
    workDirFd: work,
    logLevel: LOG_LEVEL,
    notifyScripts: true,
    // Devices of the network are the engine's.
    emptyNs: CLONE.CLONE_NEWNET,
    manageCgroups: true,
    manageCgroupsMode: CGROUP_MODES[flags.manageCgroupsMode ?? 'soft'],
    orphanPtsMaster: true,
    tcpEstablished: flags.tcpEstablished,
    extUnixSk: flags.extUnixSk,
    shellJob: flags.shellJob,
    fileLocks: flags.fileLocks,
    lazyPages: flags.lazyPages,
    autoDedup: flags.autoDedup,
  };
}

/** What is dumped: a container's first process, its root, and what of it is not its own. */
export interface Dumped {
  readonly pid: number;
  readonly root: string;
  readonly external: readonly string[];
  readonly freezeCgroup?: string | undefined;
}

/** Returns what criu is told to dump. */
export function dumpOptions(flags: CheckpointFlags, directories: Directories, dumped: Dumped): CriuOptions {
  const { parentPath } = flags;
  return {
    ...common(flags, directories),
    logFile: LOGS.dump,
    pid: dumped.pid,
    root: dumped.root,
    external: dumped.external,
    freezeCgroup: dumped.freezeCgroup,
    leaveRunning: flags.leaveRunning,
    tcpSkipInFlight: flags.tcpSkipInFlight,
    linkRemap: flags.linkRemap,
    pageServer: flags.pageServer,
    ...(parentPath === undefined ? {} : { parentImg: parentPath }),
    trackMem: parentPath !== undefined || flags.preDump,
  };
}

/** Where it is restored to. */
export interface Restored {
  readonly root: string;
  readonly external: readonly string[];
  readonly inheritFds: NonNullable<CriuOptions['inheritFds']>;
  readonly joinNamespaces: NonNullable<CriuOptions['joinNamespaces']>;
  readonly cgroupRoots: NonNullable<CriuOptions['cgroupRoots']>;
}

/** Returns what criu is told to restore. */
export function restoreOptions(flags: RestoreFlags, directories: Directories, restored: Restored): CriuOptions {
  return {
    ...common(flags, directories),
    logFile: LOGS.restore,
    evasiveDevices: true,
    // A child of this process, as the first process of every container is.
    rstSibling: true,
    lsmProfile: flags.lsmProfile,
    lsmMountContext: flags.lsmMountContext,
    ...restored,
  };
}

/** Namespaces that criu leaves to others altogether; all else that is joined it has to be told to join. */
const OUTSIDE: readonly string[] = ['network', 'pid'];

/** What criu calls the types of namespaces. */
const NAMES: Readonly<Record<string, string>> = { network: 'net', mount: 'mnt' };

const nameOf = (type: string): string => NAMES[type] ?? type;

/** The name by which an outside namespace is found again: runc's, so that images can go from one to the other. */
function keyOf(type: string): string {
  const name = nameOf(type);
  return `extRoot${name.charAt(0).toUpperCase()}${name.slice(1)}NS`;
}

interface Joined {
  readonly type: string;
  readonly path: string;
}

/** Lists the namespaces that a container joins. */
export function listJoined(namespaces: readonly Namespace[]): {
  readonly outside: readonly Joined[];
  readonly joined: readonly Joined[];
} {
  const all = namespaces.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }]));
  return {
    outside: all.filter(({ type }) => OUTSIDE.includes(type)),
    joined: all.filter(({ type }) => !OUTSIDE.includes(type)).map(({ type, path }) => ({ type: nameOf(type), path })),
  };
}

/** Returns what criu is told about an outside namespace when it dumps. @param inode - of its file */
export function dumpedNamespace(type: string, inode: number): string {
  return `${nameOf(type)}[${String(inode)}]:${keyOf(type)}`;
}

/** Returns what it is told when it restores. @param fd - of the namespace, in criu */
export function restoredNamespace(type: string, fd: number): { readonly key: string; readonly fd: number } {
  return { key: keyOf(type), fd };
}
