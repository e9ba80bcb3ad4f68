import { closeSync, lstatSync, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path/posix';
import { parseSelfCgroup } from '../../../cgroup/layout.js';
import { cleanPath } from '../../../compile/engine/place.js';
import { isWithin } from '../../../compile/questions.js';
import { ContainerError } from '../../../errors/container-error.js';
import { NotFoundError } from '../../../errors/state-errors.js';
import { Fd } from '../../../native/fd.js';
import { Pidfd } from '../../../native/pidfd.js';
import type { Step } from '../../../plan/steps.js';
import type { Spec } from '../../../spec/types.js';
import { AT_RECURSIVE, MS_SLAVE } from '../../../util/linux.js';
import { isMissingFile } from '../../../util/missing.js';
import { UndoStack } from '../../../util/undo.js';
import { creatingState } from '../../creating.js';
import { readIdentity } from '../../identity.js';
import { type LaunchedProcess, launchContainer } from '../../launch.js';
import { Prepared } from '../../prepare.js';
import { launchInScope } from '../../scoped.js';
import type { OwnedState } from '../../state-file.js';
import type { Store } from '../../store.js';
import { type HandOverOptions, type StartedProcess, handOver } from '../console.js';
import { runHooks } from '../hooks.js';
import { describeAs } from '../status.js';
import { MOUNTS } from './checkpoint.js';
import { type ExternalMount, restoredMounts } from './mounts.js';
import { type Directories, LOGS, type RestoreFlags, listJoined, restoreOptions, restoredNamespace } from './options.js';
import { type CriuOptions, encodeRequest } from './rpc.js';
import { type CriuSession, ask, openSession } from './session.js';
import { DESCRIPTORS, inheritedStreams } from './streams.js';

/**
 * Makes a container from what a checkpoint has saved: from then on it is as one that was created and started.
 *
 * criu is born in the container's cgroups, and leaves them when it is done.
 *
 * @throws ConfigError, AlreadyExistsError, HookError; ContainerError with what criu says. Nothing is left then.
 */
export async function restoreEngineContainer(
  store: Store,
  id: string,
  spec: Spec,
  flags: RestoreFlags & HandOverOptions,
): Promise<StartedProcess> {
  const prepared = new Prepared(id, spec);
  const undo = new UndoStack();
  const images = readImages(flags.imagePath);
  const owned = store.create(creatingState(prepared));
  undo.push('remove state file', () => {
    owned.remove();
  });
  // What is needed only while criu works.
  const meanwhile = new UndoStack();
  try {
    const restored = await restore(prepared, { owned, undo, meanwhile, flags, images, root: `${store.path(id)}.root` });
    const terminal = await handOver(restored, flags);
    undo.release();
    owned.release();
    return { ...restored, terminal, warnings: [] };
  } catch (error) {
    await meanwhile.unwind();
    await undo.unwind();
    throw error;
  } finally {
    await meanwhile.unwind();
  }
}

interface Images {
  readonly streams: readonly string[];
  readonly mounts: readonly ExternalMount[] | undefined;
}

function readImages(path: string): Images {
  const read = (name: string): unknown => {
    try {
      return JSON.parse(readFileSync(join(path, name), 'utf8'));
    } catch (error) {
      if (isMissingFile(error)) return undefined;
      throw error;
    }
  };
  const streams = read(DESCRIPTORS) as readonly string[] | undefined;
  if (streams !== undefined) return { streams, mounts: read(MOUNTS) as readonly ExternalMount[] | undefined };
  throw new ContainerError(`restore from ${path}: it holds no checkpoint`, 'ENOENT', {
    hint: 'name the directory that checkpoint has written with --image-path',
  });
}

interface Restoring {
  readonly owned: OwnedState;
  /** Of what lasts as long as the container. */
  readonly undo: UndoStack;
  readonly meanwhile: UndoStack;
  readonly flags: RestoreFlags;
  readonly images: Images;
  /** A directory that the container's root is mounted on, for criu alone. */
  readonly root: string;
}

interface RestoredProcess {
  readonly pid: number;
  readonly pidfd: Pidfd;
  readonly terminal?: Fd;
}

async function restore(prepared: Prepared, context: Restoring): Promise<RestoredProcess> {
  const { owned, meanwhile, flags } = context;
  const { spec } = prepared;
  const namespaces = openNamespaces(spec, meanwhile);
  const session = await launchCriu(prepared, { ...context, handed: namespaces.map(({ fd }) => fd) });
  const directories = openDirectories(flags, session.pid, meanwhile);
  const options = toRequest(session, {
    spec,
    directories,
    context,
    inherited: namespaces.map(({ type }, index) => restoredNamespace(type, FIRST + index)),
  });
  let terminal: Fd | undefined;
  const { pid } = await ask(session, encodeRequest('restore', options), {
    onNotification: async (script, first, fd) => {
      if (script === 'orphan-pts-master' && fd !== undefined && terminal === undefined) terminal = new Fd(fd);
      else if (fd !== undefined) closeSync(fd);
      if (script !== 'setup-namespaces') return;
      await runHooks('prestart', spec.hooks, describeAs(prepared, 'creating', first));
      await runHooks('createRuntime', spec.hooks, describeAs(prepared, 'creating', first));
    },
  });
  const init = pid === undefined ? undefined : readIdentity(pid);
  if (pid === undefined || init === undefined) throw new NotFoundError(prepared.id);
  owned.update({ status: 'running', init });
  return { pid, pidfd: Pidfd.open(pid), ...(terminal === undefined ? {} : { terminal }) };
}

/** The first descriptor that criu gets besides its socket. */
const FIRST = 4;

interface RequestContext {
  readonly spec: Spec;
  readonly directories: Directories;
  readonly context: Restoring;
  readonly inherited: NonNullable<CriuOptions['inheritFds']>;
}

function toRequest({ pid }: CriuSession, { spec, directories, context, inherited }: RequestContext): CriuOptions {
  const { flags, images, root } = context;
  const cgroups = parseSelfCgroup(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'));
  return restoreOptions(flags, directories, {
    root,
    external: restoredMounts(spec, images.mounts),
    inheritFds: [...inheritedStreams(images.streams), ...inherited],
    joinNamespaces: listJoined(spec.linux.namespaces).joined,
    cgroupRoots: [...cgroups].map(([controller, path]) => ({ controller, path })),
  });
}

function openNamespaces(spec: Spec, undo: UndoStack): readonly { readonly type: string; readonly fd: number }[] {
  return listJoined(spec.linux.namespaces).outside.map(({ type, path }) => {
    const fd = openSync(path, 'r');
    undo.push(`close ${path}`, () => {
      closeSync(fd);
    });
    return { type, fd };
  });
}

// criu mounts in them: they must be what they are in its mount namespace.
function openDirectories({ imagePath, workPath }: RestoreFlags, pid: number, undo: UndoStack): Directories {
  const open = (path: string): number => {
    const fd = openSync(`/proc/${String(pid)}/root${path}`, 'r');
    undo.push(`close ${path}`, () => {
      closeSync(fd);
    });
    return fd;
  };
  if (workPath !== undefined) mkdirSync(workPath, { recursive: true, mode: 0o700 });
  return { images: open(imagePath), ...(workPath === undefined ? {} : { work: open(workPath) }) };
}

async function launchCriu(
  prepared: Prepared,
  context: Restoring & { readonly handed: readonly number[] },
): Promise<CriuSession> {
  const { undo, meanwhile, flags, owned, root, handed } = context;
  const { placement, spec } = prepared;
  mkdirSync(root, { mode: 0o700 });
  meanwhile.push('remove mount point', () => {
    rmdirSync(root);
  });
  let launched: LaunchedProcess | undefined;
  // Once its socket is closed, which makes it end whatever it is at.
  meanwhile.push('wait for criu', async () => {
    await launched?.pidfd.wait();
    launched?.pidfd.close();
    if (launched !== undefined) closeSync(launched.reportFd);
  });
  const launchIt = placement.cgroup.scope === undefined ? launchContainer : launchInScope;
  const log = join(flags.workPath ?? flags.imagePath, LOGS.restore);
  const before = { fds: [], steps: mountRoot(spec, root) };
  return openSession({ program: flags.program, undo: meanwhile, log, before, handed }, async (content) => {
    const born = await launchIt(
      { id: placement.id, cgroup: placement.cgroup, clone: { flags: ['CLONE_NEWNS'] }, content },
      { undo, streams: { stdin: 0, stdout: 1, stderr: 2 } },
      (cgroup) => {
        owned.update({ cgroup });
      },
    );
    owned.update({ cgroup: born.cgroup });
    launched = born;
    return born;
  });
}

const ROOT = 'root';

// criu wants a root that is a mount point, and one that nothing lies over: a place of its own, in mounts of its own.
function mountRoot(spec: Spec, root: string): readonly Step[] {
  return [
    { op: 'set-propagation', path: '/', propagation: MS_SLAVE },
    { op: 'open-tree', path: spec.root.path, flags: AT_RECURSIVE, tree: 'rootfs' },
    { op: 'place-mount', mount: 'rootfs', root: undefined, target: root, rules: 0 },
    { op: 'open-directory', root: undefined, path: root, directory: ROOT },
    ...makeMountPoints(spec),
  ];
}

// A root file system that has come without the container may lack them. What lies in a tmpfs comes with the images.
function makeMountPoints({ mounts }: Spec): readonly Step[] {
  const made = mounts.filter(({ type }) => type === 'tmpfs').map(({ destination }) => cleanPath(destination));
  return mounts.flatMap(({ destination, source }): readonly Step[] => {
    const path = cleanPath(destination);
    if (made.some((tmpfs) => path !== tmpfs && isWithin(path, tmpfs))) return [];
    const isFile = lstatSync(source, { throwIfNoEntry: false })?.isDirectory() === false && source.startsWith('/');
    return [
      isFile
        ? { op: 'make-file', root: ROOT, path, mode: 0o644, content: '' }
        : { op: 'make-directory', root: ROOT, path, mode: 0o755 },
    ];
  });
}
