import { constants, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { RefusedError } from '../../errors/refused-error.js';
import { Fd } from '../../native/fd.js';
import type { Rlimit, SpecNamespaceType } from '../../spec/types.js';
import { O_PATH } from '../../util/linux.js';
import { linesOf } from '../../util/proc-fields.js';
import type { HeldProcess } from './held-process.js';
import { type IdMap, parseIdMap } from './ids.js';
import { parseRights, parseRlimits, type Rights } from './rights.js';
import { parseProcessStatus, type ProcessStatus } from './status.js';

/** A namespace of a process, open. */
export interface OpenNamespace {
  readonly type: SpecNamespaceType;
  readonly fd: Fd;
}

/**
 * All of a process that another one can be given: of one moment, so that its rights are those that it has in these namespaces, and
 * not those that it had in others before.
 */
export interface Picture extends Disposable {
  /** Those that this process is not in. */
  readonly namespaces: readonly OpenNamespace[];
  readonly root: Fd;
  readonly directory: Fd;
  /** Of the working directory, as seen from the root directory. */
  readonly directoryPath: string;
  readonly status: ProcessStatus;
  readonly rights: Rights;
  readonly rlimits: readonly Rlimit[];
  readonly oomScoreAdj: number;
  /** The text of /proc/PID/cgroup. */
  readonly cgroups: string;
  /** How its user namespace calls ids; absent where that is this process's. */
  readonly ids?: { readonly uids: IdMap; readonly gids: IdMap; readonly setgroups: boolean };
  /** As the security module has it; empty without one. */
  readonly label: string;
}

/** By the names of /proc/PID/ns. */
const NAMESPACES = {
  user: 'user',
  pid: 'pid',
  net: 'network',
  ipc: 'ipc',
  uts: 'uts',
  time: 'time',
  mnt: 'mount',
} as const satisfies Readonly<Record<string, SpecNamespaceType>>;

/** How often a process is looked at that changes meanwhile. */
const TRIES = 5;

/**
 * Takes a picture of a process.
 *
 * @returns what is to be closed
 * @throws RefusedError ESRCH where it has ended, EAGAIN where it never stands still, EPERM where this process may not look
 */
export function takePicture(held: HeldProcess): Picture {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = held.look(sketch);
    const picture = open(held);
    try {
      if (held.look(sketch) === before) return picture;
    } catch (error) {
      picture[Symbol.dispose]();
      throw error;
    }
    picture[Symbol.dispose]();
  }
  throw new RefusedError('look at the caller', 'EAGAIN', { hint: 'its namespaces or rights are changing' });
}

const WATCHED = /^(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):/;

// What must not change while it is looked at. A process does not come back to a user namespace that it has left.
function sketch(directory: string): string {
  const status = linesOf(readFileSync(`${directory}/status`, 'utf8')).filter((line) => WATCHED.test(line));
  const names = Object.keys(NAMESPACES).map((name) => readName(directory, name));
  const { dev, ino } = statSync(`${directory}/root`);
  return [...status, ...names, `${String(dev)}:${String(ino)}`, readLabel(directory)].join('\n');
}

function open(held: HeldProcess): Picture {
  const opened: Fd[] = [];
  const keep = (path: string, flags: number): Fd => {
    const fd = new Fd(openSync(path, flags));
    opened.push(fd);
    return fd;
  };
  const dispose = (): void => {
    for (const fd of opened) fd.close();
  };
  try {
    const found = held.look((directory) => read(directory, keep));
    return { ...found, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new RefusedError('look at the caller', 'EPERM', {
      hint: 'the supervisor may not join its namespaces',
      cause: error,
    });
  }
}

function read(directory: string, keep: (path: string, flags: number) => Fd): Omit<Picture, typeof Symbol.dispose> {
  const text = (name: string): string => readFileSync(`${directory}/${name}`, 'utf8');
  const status = text('status');
  const others = Object.entries(NAMESPACES).filter(
    ([name]) => readName(directory, name) !== readName('/proc/self', name),
  );
  const namespaces = others.map(([name, type]) => ({ type, fd: keep(`${directory}/ns/${name}`, constants.O_RDONLY) }));
  return {
    namespaces,
    root: keep(`${directory}/root`, O_PATH | constants.O_DIRECTORY),
    directory: keep(`${directory}/cwd`, O_PATH | constants.O_DIRECTORY),
    directoryPath: below(readlinkSync(`${directory}/root`), readlinkSync(`${directory}/cwd`)),
    status: parseProcessStatus(status),
    rights: parseRights(status),
    rlimits: parseRlimits(text('limits')),
    oomScoreAdj: Number(text('oom_score_adj')),
    cgroups: text('cgroup'),
    ...(namespaces.some(({ type }) => type === 'user')
      ? {
          ids: {
            uids: parseIdMap(text('uid_map')),
            gids: parseIdMap(text('gid_map')),
            setgroups: text('setgroups').trim() === 'allow',
          },
        }
      : {}),
    label: readLabel(directory),
  };
}

/** Returns what the security module calls a process; empty where there is none. @param directory - of /proc */
export function readLabel(directory: string): string {
  try {
    return readFileSync(`${directory}/attr/current`, 'utf8').replace(/[\0\n]+$/, '');
  } catch {
    return ''; // EINVAL: no module has labels
  }
}

// Kernels before 5.6 have no time namespaces.
function readName(directory: string, name: string): string {
  try {
    return readlinkSync(`${directory}/ns/${name}`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && name === 'time') return '';
    throw error;
  }
}

function below(root: string, path: string): string {
  if (root === '/') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}
