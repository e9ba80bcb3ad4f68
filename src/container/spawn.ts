import { existsSync } from 'node:fs';
import { join } from 'node:path/posix';
import type { CgroupRef } from '../cgroup/types.js';
import { refFromPlan } from '../cgroup/ref.js';
import { readUsage } from '../cgroup/usage.js';
import { LaunchError, LaunchKilledError } from '../errors/launch-error.js';
import { AlreadyExistsError } from '../errors/state-errors.js';
import { SyscallError } from '../errors/syscall-error.js';
import type { CgroupPlan } from '../plan/types.js';
import { diesWithParent } from '../spec/annotations.js';
import type { ContainerOptions } from '../spec/options.js';
import { withinOf } from '../spec/within.js';
import { defined } from '../util/defined.js';
import { UndoStack } from '../util/undo.js';
import { type OpenStreams, chooseStreams } from './choose-streams.js';
import { Container } from './container.js';
import type { OnEnd } from './parts.js';
import { creatingState } from './creating.js';
import { dataDirectory } from './data-directory.js';
import { type EndingOptions, checkEnding } from './ending.js';
import { readIdentity } from './identity.js';
import { type LaunchContext, type LaunchFaults, launchContainer } from './launch.js';
import { ChildProcess } from './main-process.js';
import { IdmapRefusedError } from './mount-sources.js';
import type { PipeOptions, Pipes, TerminalOption } from './pipes.js';
import { type OnBehalf, Prepared, prepare, rememberUnmappable, rememberUnstackable } from './prepare.js';
import { launchInScope } from './scoped.js';
import { listenerOf } from './seccomp-listener.js';
import type { State } from './state.js';
import type { OwnedState } from './state-file.js';
import { Store, stateDirectory } from './store.js';
import { type ChosenStreams, type StreamOption, type StreamOptions, type StreamOwner, hostOwner } from './streams.js';
import { now } from '../util/now.js';

/** Everything that {@link spawn} takes. */
export interface SpawnOptions extends ContainerOptions, StreamOptions, EndingOptions {
  /** Where the state of containers is kept. @default `/run/corral` for root, else `$XDG_RUNTIME_DIR/corral` */
  readonly stateDir?: string;
}

/**
 * Starts a command in a container.
 *
 * @returns the running container: its command has been exec'd, its limits were in force before
 * @throws OptionError for an option that makes no sense, UnsupportedError for what this host cannot give,
 *   AlreadyExistsError for a name that is taken, LaunchError naming the step that failed. Nothing is left then.
 */
export function spawn<
  In extends StreamOption = 'ignore',
  Out extends StreamOption = 'pipe',
  Err extends StreamOption = 'pipe',
  Tty extends TerminalOption = false,
>(
  command: readonly string[],
  options?: SpawnOptions & PipeOptions<In, Out, Err, Tty>,
): Promise<Container & Pipes<In, Out, Err, Tty>>;
export function spawn(command: readonly string[], options: SpawnOptions = {}): Promise<Container> {
  return spawnInternally(command, options, {});
}

/** {@link spawn}, with something made to fail: for the failure sweep. */
export function spawnWithFaults(
  command: readonly string[],
  options: SpawnOptions,
  faults: LaunchFaults | undefined,
): Promise<Container> {
  return spawnInternally(command, options, { faults });
}

/** What only corral itself can ask of a start. */
export interface InternalOptions extends OnBehalf {
  readonly faults?: LaunchFaults | undefined;
  readonly onEnd?: OnEnd | undefined;
  /** Says what its streams are connected to when it is known whose they are to be. */
  readonly chooseStreams?: ((owner: StreamOwner | undefined) => ChosenStreams) | undefined;
  /** Descriptors by slot; they stay the caller's. */
  readonly fds?: ReadonlyMap<string, number> | undefined;
}

/** {@link spawn}, with all that can be said of it. */
export async function spawnInternally(
  command: readonly string[],
  options: SpawnOptions,
  { faults, onEnd, chooseStreams: choose, fds = NONE, ...behalf }: InternalOptions,
): Promise<Container> {
  const startedAt = now();
  options.signal?.throwIfAborted();
  const { stateDir, stdin, stdout, stderr, signal, timeout, stopSignal, gracePeriod, ...container } = options;
  const streams = defined({ stdin, stdout, stderr });
  const ending = defined({ signal, timeout, stopSignal, gracePeriod });
  checkEnding(ending);
  const store = new Store(stateDirectory(stateDir, process.geteuid?.() ?? 0, process.env));
  const prepared = prepare(command, container, { ...behalf, stateDir });
  if (container.name !== undefined && behalf.annotations === undefined) checkUnsupervised(container.name, stateDir);
  const openStreams = await chooseStreams(streams, prepared.spec.process, choose);
  const context = { store, openStreams, ending, faults, startedAt, onEnd, fds };
  const begin = (what: Prepared): Promise<Container> => start(what, context);
  try {
    return await begin(prepared);
  } catch (error) {
    if (!isOurMistake(error, prepared)) throw error;
    return await begin(new Prepared(prepared.id, prepared.spec));
  }
}

// One that does not run now is still known to its supervisor, which may start it at any time.
function checkUnsupervised(name: string, stateDir: string | undefined): void {
  const directory = dataDirectory(stateDir, process.geteuid?.() ?? 0, process.env);
  if (!existsSync(join(directory, name))) return;
  throw new AlreadyExistsError(name, {
    hint: `choose another name, or have the supervisor forget it: corral rm ${name}`,
  });
}

const NONE: ReadonlyMap<string, number> = new Map();

// What no file of /proc tells before it is tried. Remembered, the next plan does without.
function isOurMistake(error: unknown, prepared: Prepared): boolean {
  if (error instanceof IdmapRefusedError) {
    rememberUnmappable(error.path ?? '/');
    return true;
  }
  if (!(error instanceof LaunchError) || error.code !== 'EINVAL') return false;
  return rememberUnstackable(prepared.plan.steps[error.stepIndex]);
}

interface StartContext {
  readonly store: Store;
  readonly openStreams: OpenStreams;
  readonly ending: EndingOptions;
  readonly faults: LaunchFaults | undefined;
  readonly startedAt: number;
  readonly onEnd: OnEnd | undefined;
  readonly fds: ReadonlyMap<string, number>;
}

async function start(prepared: Prepared, context: StartContext): Promise<Container> {
  const { id, spec, placement } = prepared;
  const act = context.faults?.act ?? ((_what, run) => run());
  const undo = new UndoStack();
  try {
    const creating = creatingState(prepared, context.ending);
    const owned = act('make state file', () => {
      const made = context.store.create(creating);
      undo.push('remove state file', () => {
        made.remove();
      });
      return made;
    });
    const owner = withinOf(spec)?.owner ?? hostOwner(spec.process.user, placement.idMaps, process.geteuid?.() === 0);
    const streams = act('open streams', () => context.openStreams(owner, undo));
    const launch = placement.cgroup.scope === undefined ? launchContainer : launchInScope;
    const launched = await launch(
      { ...placement, content: () => prepared.plan },
      {
        undo,
        faults: context.faults,
        streams: streams.child,
        ...listenerOf(spec, (pid) => ({ id, status: 'creating', pid })),
        fds: new Map([...context.fds, ...(streams.kept ?? [])]),
        // A container that dies with this process has nobody who could read its exit status later.
        ...(diesWithParent(spec) ? {} : outliving(owned)),
      },
      (cgroup) => {
        // v1 directories are not marked with an id: after a crash only the inode number tells whose they are. And where a
        // scope's cgroup is, systemd has decided.
        if (cgroup.v1.length > 0 || cgroup.scope !== undefined)
          act('write state', () => {
            owned.update({ cgroup });
          });
      },
    );
    const change = running(launched.pid, launched.cgroup);
    act('write state', () => {
      owned.update(change);
    });
    const ends = streams.toNode(launched.terminal);
    undo.release();
    return new Container({
      state: { ...creating, ...change },
      owned,
      main: new ChildProcess(launched),
      streams: ends,
      ending: context.ending,
      startedAt: context.startedAt,
      onEnd: context.onEnd,
      notes: [...prepared.plan.notes, ...launched.notes],
    });
  } catch (error) {
    const explained = await explain(error, prepared);
    const failures = await undo.unwind();
    if (failures.length > 0) reportLeftovers(id, failures);
    throw explained;
  }
}

// What outlives this process must be found by the next one, at whatever moment that comes, and however far its start has come.
function outliving(owned: OwnedState): Pick<LaunchContext, 'reportFile' | 'onClone'> {
  return {
    reportFile: owned.useReportFile(),
    onClone: (pid) => {
      owned.update(initOf(pid));
    },
  };
}

function initOf(pid: number): Pick<State, 'init'> {
  const init = readIdentity(pid);
  return init === undefined ? {} : { init };
}

async function explain(error: unknown, { id, spec, placement: { cgroup } }: Prepared): Promise<unknown> {
  if (error instanceof LaunchKilledError) return explainDeath(error, cgroup, id);
  if (!(error instanceof SyscallError) || !MAY_BE_REFUSED.includes(error.code)) return error;
  const { explainRefusal } = await import('./refused.js');
  return explainRefusal(error, spec);
}

/** How a kernel, or a filter before it, says that something may not be done here. */
const MAY_BE_REFUSED = ['EPERM', 'EACCES', 'ENOSYS', 'ENOSPC', 'EUSERS'];

// While the cgroup is still there, it knows why.
function explainDeath(error: LaunchKilledError, cgroup: CgroupPlan, id: string): LaunchKilledError {
  if (readUsage(refFromPlan(cgroup, id)).oomKilled !== true) return error;
  const hint = 'the memory limit leaves no room for the start: a few hundred KiB are needed';
  return new LaunchKilledError(error.signal, error.stepIndex, error.action, { hint });
}

function running(pid: number, cgroup: CgroupRef): Pick<State, 'status' | 'init' | 'cgroup'> {
  return { status: 'running', ...initOf(pid), cgroup };
}

// The error that led here is the one to throw; that something was left behind must not pass in silence.
function reportLeftovers(id: string, failures: readonly { readonly what: string; readonly error: unknown }[]): void {
  const list = failures.map(({ what, error }) => `${what}: ${error instanceof Error ? error.message : String(error)}`);
  process.emitWarning(`container ${id} was not cleared away whole: ${list.join('; ')}`, {
    code: 'CORRAL_LEFTOVERS',
    detail: 'corral prune clears it away once the cause is gone',
  });
}
