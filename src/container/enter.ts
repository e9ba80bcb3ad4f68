import { constants, openSync } from 'node:fs';
import { isFrozen } from '../cgroup/freeze.js';
import { join } from '../cgroup/join.js';
import type { CgroupLeaf } from '../cgroup/leaf.js';
import { hasCgroup } from '../cgroup/ref.js';
import type { compileExec } from '../compile/exec.js';
import { StateError } from '../errors/state-errors.js';
import { Fd } from '../native/fd.js';
import type { Pidfd } from '../native/pidfd.js';
import { ROOT } from '../compile/stage.js';
import { O_PATH } from '../util/linux.js';
import { withinOf } from '../spec/within.js';
import { UndoStack } from '../util/undo.js';
import { type ExecPlace, type ExecRequest, choosePlace } from './exec-place.js';
import { openProcess } from './identity.js';
import { joinPlace } from './join-place.js';
import { type LaunchContext, type LaunchedProcess, actNow, launchProcess } from './launch.js';
import { listenerOf } from './seccomp-listener.js';
import type { State } from './state.js';

/** What {@link enter} works with. */
export interface Entry extends LaunchContext {
  readonly state: State;
  /** Of its first process. */
  readonly container: Pidfd;
  /** Of an engine: see {@link ExecRequest}. */
  readonly subCgroups?: ExecRequest['subCgroups'];
  readonly ignorePaused?: ExecRequest['ignorePaused'];
}

/** How often an entry is tried where the inside re-organises its cgroups at the same time. */
const ATTEMPTS = 5;

/** Tells whether the cgroup has become a parent, threaded, or was removed, open(2) and clone3(2). */
function hasMoved(error: unknown): boolean {
  const { syscall, code } = error as { readonly syscall?: unknown; readonly code?: unknown };
  return ['open', 'clone3'].includes(String(syscall)) && MOVED.includes(String(code));
}

const MOVED = ['EBUSY', 'EOPNOTSUPP', 'ENODEV', 'ENOENT'];

/**
 * Launches a further process in a container.
 *
 * @param compile - `alone`: it has found no room for a cgroup of its own
 * @throws LaunchError naming the step that failed; everything made so far is on the undo stack
 */
export async function enter(
  entry: Entry,
  compile: (alone: boolean) => ReturnType<typeof compileExec>,
): Promise<{ readonly process: LaunchedProcess; readonly leaf: CgroupLeaf | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const undo = new UndoStack();
    entry.undo.push('undo launch', async () => {
      await undo.unwind();
    });
    const place = choosePlace(entry.state, entry.state.init?.pid ?? 0, undo, entry);
    // An engine's container is held together by its own cgroup: an init beside it is what no engine expects.
    const isAlone = place.leaf === undefined && entry.state.cgroup.flat !== true;
    try {
      const plan = compile(isAlone);
      const launched = await launchIn(place, { ...entry, undo }, plan);
      return { process: { ...launched, notes: [...place.notes, ...plan.notes, ...launched.notes] }, leaf: place.leaf };
    } catch (error) {
      if (!hasMoved(error) || attempt === ATTEMPTS) throw error;
      await undo.unwind();
    }
  }
}

async function launchIn(
  { bornIn, joined }: ExecPlace,
  { container, state, ...context }: Entry,
  plan: ReturnType<typeof compileExec>,
): Promise<LaunchedProcess> {
  const { id, spec, init } = state;
  const listener = listenerOf(spec, () => ({ id, status: 'running', pid: init?.pid ?? 0 }));
  using root = openRootOf(state, container);
  const fds = new Map([['container', container.fd], ...(root === undefined ? [] : [[ROOT, root.number] as const])]);
  return await launchProcess(
    { ...plan, content: () => plan },
    { ...context, ...listener, fds },
    {
      ...(bornIn === undefined ? {} : { cgroupPath: bornIn }),
      join: async ({ pid, fallback }) => {
        if (bornIn !== undefined && fallback !== undefined) await joinPlace(bornIn, state.cgroup, pid);
        for (const path of [...joined, ...(state.cgroup.also ?? [])]) join(path, pid, actNow);
        return bornIn;
      },
    },
  );
}

// Who lives in somebody else's mount namespace may have another root directory than that.
function openRootOf({ id, spec, init }: State, container: Pidfd): Fd | undefined {
  if (withinOf(spec) === undefined || init === undefined) return undefined;
  const root = new Fd(openSync(`/proc/${String(init.pid)}/root`, O_PATH | constants.O_DIRECTORY));
  // It was that of the container, and not of a process that has taken over the pid.
  if (!container.hasEnded) return root;
  root.close();
  throw new StateError('exec in', id, 'stopped');
}

/**
 * Opens the first process of a container that is to be entered.
 *
 * @param ignorePaused - whoever enters a paused container waits until it is resumed
 * @returns the pidfd, which belongs to the caller
 * @throws StateError unless it runs
 */
export function openInit({ id, init, cgroup }: State, ignorePaused = false): Pidfd {
  // A process that is cloned into a frozen cgroup is born frozen, and the clone would wait for its exec until it is thawed.
  if (!ignorePaused && hasCgroup(cgroup) && isFrozen(cgroup)) throw new StateError('exec in', id, 'paused');
  if (init === undefined) throw new StateError('exec in', id, 'being created');
  const pidfd = openProcess(init);
  if (pidfd === undefined) throw new StateError('exec in', id, 'stopped');
  return pidfd;
}
