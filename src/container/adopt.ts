import { existsSync } from 'node:fs';
import { uptime } from 'node:os';
import { removeParent } from '../cgroup/parent.js';
import { StateError } from '../errors/state-errors.js';
import { hasInit, isSupervised } from '../spec/annotations.js';
import { defined } from '../util/defined.js';
import { now } from '../util/now.js';
import { AdoptedProcess } from './adopted-process.js';
import { claimAbandoned, clearState } from './clearing.js';
import { Container } from './container.js';
import type { OnEnd } from './parts.js';
import { ownIdentity } from './creating.js';
import { type EndingOptions, checkEnding } from './ending.js';
import { isOfThisBoot } from './identity.js';
import { findStarted } from './late-start.js';
import { keepScope } from './keep-scope.js';
import type { State } from './state.js';
import { type OwnedState, reportPath } from './state-file.js';
import type { Store } from './store.js';
import { NO_STREAMS, takeStreams, watchUnread } from './take-streams.js';
import { Traces, openReport } from './traces.js';

/** What {@link adoptContainer} goes on with. */
export interface AdoptOptions {
  /** What may end it, and how gently. `timeout` is counted from the container's start. */
  readonly ending?: EndingOptions;
  readonly onEnd?: OnEnd;
  /** Called before the state of a container is removed that cannot be taken over: see {@link Adoption}. */
  readonly onCleared?: (outcome: 'unfinished' | 'rebooted', state: State | undefined) => void;
}

/** What has become of a container whose owner has died. */
export type Adoption =
  | {
      readonly outcome: 'adopted';
      readonly container: Container;
      /** Its first process still runs; else `exited` settles at once, when all of it is cleared away. */
      readonly alive: boolean;
    }
  /** Its start did not come through, or it ran before the machine was started anew: all of it is cleared away. */
  | { readonly outcome: 'unfinished' | 'rebooted'; readonly state: State | undefined }
  /** Its owner lives; there is no such container. */
  | { readonly outcome: 'owned' | 'absent' };

/**
 * Takes over a container whose owner has died: this process owns it from then on, and has a handle that does all that the one of
 * `spawn` does. Of its streams it has those that its init has kept: the terminal, and a standard input that was to be kept.
 *
 * @throws StateError for a container that an engine drives; OptionError for an ending that makes no sense; CgroupError,
 *   CgroupRefusedError when what is left of an unfinished start cannot be cleared away. Its state stays then.
 */
export async function adoptContainer(store: Store, id: string, options: AdoptOptions = {}): Promise<Adoption> {
  checkEnding(options.ending ?? {});
  const owned = await claimAbandoned(store, id);
  if (owned === undefined) return { outcome: existsSync(store.path(id)) ? 'owned' : 'absent' };
  try {
    const state = owned.read();
    if (state?.status === 'created') throw new StateError('adopt', id, 'created');
    if (state !== undefined && !isOfThisBoot(state.owner)) return clearAway('rebooted', owned, state, options);
    const reportFile = reportPath(store.path(id));
    if (state?.status === 'running') return await takeOver(owned, state, { ...options, reportFile });
    const init = state && (await findStarted(state, reportFile));
    if (state === undefined || init === undefined) return await clearUnfinished(owned, state, options);
    return await takeOver(owned, { ...state, status: 'running', init }, { ...options, reportFile });
  } catch (error) {
    owned.release();
    throw error;
  }
}

async function clearUnfinished(owned: OwnedState, state: State | undefined, options: AdoptOptions): Promise<Adoption> {
  if (state !== undefined) await clearState(state, false);
  return clearAway('unfinished', owned, state, options);
}

function clearAway(
  outcome: 'unfinished' | 'rebooted',
  owned: OwnedState,
  state: State | undefined,
  { onCleared }: AdoptOptions,
): Adoption {
  onCleared?.(outcome, state);
  owned.remove();
  // Nothing of another boot is there, and a cgroup at its place is somebody else's.
  if (state !== undefined && outcome === 'unfinished') removeParent(state.cgroup);
  return { outcome, state };
}

interface TakeOverOptions extends AdoptOptions {
  readonly reportFile: string;
}

async function takeOver(owned: OwnedState, before: State, options: TakeOverOptions): Promise<Adoption> {
  const owner = ownIdentity();
  const state: State = { ...before, owner };
  const traces = new Traces(state.init, openReport(options.reportFile));
  const pidfd = traces.pidfd?.hasEnded === false ? traces.pidfd : undefined;
  try {
    owned.update({ owner, status: before.status, ...(before.init === undefined ? {} : { init: before.init }) });
    const { keeper, notes: scopeNotes } = await keepScope(state.cgroup);
    const keeps = pidfd !== undefined && isSupervised(state.spec) && hasInit(state.spec);
    const { streams, notes } = keeps ? takeStreams(pidfd, state.spec) : NO_STREAMS;
    const main = new AdoptedProcess(state.init?.pid ?? 0, traces, { known: state.exit, keeper });
    const container = new Container({
      state,
      owned,
      main,
      streams,
      ending: pidfd === undefined ? {} : remaining(options.ending ?? {}, state),
      startedAt: now() - readAge(state, main.readReport()?.exitedAt),
      notes: [...scopeNotes, ...notes],
      onEnd: options.onEnd,
    });
    if (keeps && notes.length > 0) watchUnread(main);
    return { outcome: 'adopted', container, alive: pidfd !== undefined };
  } catch (error) {
    traces[Symbol.dispose]();
    throw error;
  }
}

function remaining(ending: EndingOptions, state: State): EndingOptions {
  const { timeout } = ending;
  return defined({
    ...ending,
    timeout: timeout === undefined ? undefined : Math.max(0, timeout - readAge(state, undefined)),
  });
}

/** How many of the kernel's clock ticks a second has, as it tells them to programs: USER_HZ. */
const TICKS_PER_SECOND = 100;

/**
 * Returns how long a container has run, or did, in milliseconds.
 *
 * @param exitedAt - when it ended, nanoseconds since the epoch
 */
function readAge({ createdAt, init }: State, exitedAt: bigint | undefined): number {
  // What the clock on the wall says may have been set right since.
  if (exitedAt === undefined && init !== undefined)
    return Math.max(0, (uptime() - Number(init.startTime) / TICKS_PER_SECOND) * 1000);
  const end = exitedAt === undefined ? Date.now() : Number(exitedAt / 1_000_000n);
  return Math.max(0, end - Date.parse(createdAt));
}
