import {
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path/posix';
import { parseMountinfo } from '../../../cgroup/mountinfo.js';
import type { HookError } from '../../../errors/hook-error.js';
import { OptionError } from '../../../errors/option-error.js';
import { StateError } from '../../../errors/state-errors.js';
import { UndoStack } from '../../../util/undo.js';
import { launchProcess } from '../../launch.js';
import type { State } from '../../state.js';
import type { Store } from '../../store.js';
import { deleteEngineContainer } from '../end.js';
import { readStatus } from '../status.js';
import { dumpedMounts, listExternal } from './mounts.js';
import { type CheckpointFlags, type Directories, LOGS, dumpOptions, dumpedNamespace, listJoined } from './options.js';
import { encodeRequest } from './rpc.js';
import { type CriuSession, ask, checkFeature, closeUnwanted, openSession } from './session.js';
import { DESCRIPTORS, describeStreams, dumpedStreams } from './streams.js';

/** The file among the images that says which mounts are the host's. */
export const MOUNTS = 'corral-mounts.json';

/**
 * Saves a container's processes as files. It is deleted then, unless it is left running.
 *
 * @returns why poststop hooks have failed, which is no error
 * @throws NotFoundError; StateError unless it runs; OptionError; ContainerError with what criu says: the container goes on then
 */
export async function checkpointEngineContainer(
  store: Store,
  id: string,
  flags: CheckpointFlags,
): Promise<readonly HookError[]> {
  const state = store.get(id);
  checkState(state, readStatus(store, state));
  const undo = new UndoStack();
  try {
    // First of all, whether there is a criu: nothing is made without.
    const session = await open(flags, undo);
    if (flags.parentPath !== undefined) checkParent(flags.imagePath, flags.parentPath);
    for (const feature of neededFeatures(flags)) await checkFeature(await open(flags, undo), feature);
    await dump(state, session, { flags, directories: openDirectories(flags, undo) });
  } finally {
    await undo.unwind();
  }
  if (flags.leaveRunning || flags.preDump) return [];
  return deleteEngineContainer(store, id, { force: true });
}

// criu answers one such question, and ends.
function neededFeatures({ preDump, lazyPages }: CheckpointFlags): readonly ('memTrack' | 'lazyPages')[] {
  return [...(preDump ? ['memTrack' as const] : []), ...(lazyPages ? ['lazyPages' as const] : [])];
}

function checkState({ id, init }: State, status: string): void {
  if (init === undefined || status !== 'running') throw new StateError('checkpoint', id, status);
}

function open({ program, imagePath, workPath }: CheckpointFlags, undo: UndoStack): Promise<CriuSession> {
  const log = join(workPath ?? imagePath, LOGS.dump);
  const streams = { stdin: 0, stdout: 1, stderr: 2 };
  return openSession({ program, undo, log }, (content) =>
    launchProcess({ clone: { flags: [] }, content }, { undo, streams }, { join: () => undefined }),
  );
}

interface Dump {
  readonly flags: CheckpointFlags;
  readonly directories: Directories;
}

async function dump({ spec, init }: State, session: CriuSession, { flags, directories }: Dump): Promise<void> {
  const pid = init?.pid ?? 0;
  const process = `/proc/${String(pid)}`;
  const entries = parseMountinfo(readFileSync(`${process}/mountinfo`, 'utf8'));
  const mounts = listExternal(spec, entries, (path) => resolveBelow(`${process}/root`, path));
  const streams = describeStreams(pid, new Set(entries.map((entry) => entry.id)));
  const namespaces = listJoined(spec.linux.namespaces).outside.map(({ type, path }) =>
    dumpedNamespace(type, statSync(path).ino),
  );
  const options = dumpOptions(flags, directories, {
    pid,
    root: spec.root.path,
    external: [...dumpedMounts(mounts), ...dumpedStreams(streams), ...namespaces],
  });
  const notes: Readonly<Record<string, unknown>> = flags.preDump ? {} : { [DESCRIPTORS]: streams, [MOUNTS]: mounts };
  const paths = Object.keys(notes).map((name) => join(flags.imagePath, name));
  try {
    paths.forEach((path, index) => {
      writeFileSync(path, JSON.stringify(Object.values(notes)[index]), { mode: 0o600 });
    });
    await ask(session, encodeRequest(flags.preDump ? 'preDump' : 'dump', options), {
      onNotification: (script, _pid, fd) => {
        closeUnwanted(script, 0, fd);
        if (script === 'status-ready' && flags.statusFd !== undefined) writeSync(flags.statusFd, '\0');
      },
    });
  } catch (error) {
    // Without them nobody takes it for a checkpoint. criu's log stays.
    for (const path of paths) rmSync(path, { force: true });
    throw error;
  }
  await session.pidfd.wait();
}

/** Opens where the images are, and makes it. @throws OptionError */
function openDirectories(
  { imagePath, workPath }: Pick<CheckpointFlags, 'imagePath' | 'workPath'>,
  undo: UndoStack,
): Directories {
  const [images = -1, work] = [imagePath, ...(workPath === undefined ? [] : [workPath])].map((path) => {
    const fd = openDirectory(path);
    undo.push('close directory', () => {
      closeSync(fd);
    });
    return fd;
  });
  return { images, ...(work === undefined ? {} : { work }) };
}

function openDirectory(path: string): number {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return openSync(path, 'r');
}

function checkParent(imagePath: string, parentPath: string): void {
  if (parentPath.startsWith('/')) throw new OptionError('parent-path', parentPath, 'relative to the images');
  if (statSync(join(imagePath, parentPath), { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new OptionError('parent-path', parentPath, `a directory, seen from ${imagePath}`);
}

/** Links that are followed, as the kernel counts them. */
const MOST_LINKS = 40;

// Only for names that criu is told: nothing is opened by it.
function resolveBelow(root: string, path: string): string {
  let rest = path.split('/');
  let found: string[] = [];
  for (let links = 0; rest.length > 0 && links < MOST_LINKS;) {
    const [part = '', ...more] = rest;
    rest = more;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      found.pop();
      continue;
    }
    const target = readLink([root, ...found, part].join('/'));
    if (target === undefined) found.push(part);
    else {
      links++;
      if (target.startsWith('/')) found = [];
      rest = [...target.split('/'), ...rest];
    }
  }
  return `/${found.join('/')}`;
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
