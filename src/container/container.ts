import type { Readable, Writable } from 'node:stream';
import { freezeCgroup, thawCgroup } from '../cgroup/freeze.js';
import type { KillReport } from '../cgroup/kill.js';
import { listProcesses } from '../cgroup/processes.js';
import { hasCgroup } from '../cgroup/ref.js';
import type { Limits } from '../cgroup/limits.js';
import type { SignalReport } from '../cgroup/signal.js';
import type { Stats } from '../cgroup/stats.js';
import { StateError } from '../errors/state-errors.js';
import type { UpdateOptions } from '../spec/options.js';
import { diesWithParent, isSupervised } from '../spec/annotations.js';
import { checkHeld, describeState, readFigures } from './describe.js';
import { type Endable, type StopOptions, type Verdict, checkEnding, stop, watchEnding } from './ending.js';
import { type ExecOptions, type ExecProcess, startExec } from './exec.js';
import type { ContainerInfo } from './info.js';
import { type LiveContainer, noteEnd, noteStart } from './leaving.js';
import type { ContainerParts } from './parts.js';
import type { PipeOptions, Pipes, TerminalOption } from './pipes.js';
import type { ContainerResult, MainExit } from './result.js';
import type { State } from './state.js';
import type { StreamOption } from './streams.js';
import { Teardown } from './teardown.js';
import type { Terminal } from './terminal.js';
import { now } from '../util/now.js';

/**
 * A running container. Nothing that was ever started in it outlives {@link Container.kill}, an abort, a timeout, or the
 * end of the scope that holds it with `await using`.
 */
export class Container implements AsyncDisposable {
  /** Its name, unique among this user's containers. */
  readonly id: string;
  /** The container's first process, in this process's pid namespace. */
  readonly pid: number;
  /** The container's standard input, when it is a pipe. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The container's terminal, when it has one: then it has no streams. */
  readonly terminal: Terminal | null;
  /** What this host could not give in full, in words. */
  readonly notes: readonly string[];
  /**
   * How it ended; settles when nothing of it is left. A non-zero exit is a value, not an error.
   *
   * @throws CgroupError when something of it survived even SIGKILL (a process in uninterruptible sleep)
   */
  readonly exited: Promise<ContainerResult>;

  readonly #parts: ContainerParts;
  readonly #verdict: Verdict;
  readonly #live: LiveContainer;
  #isChanged = false;
  #isOver = false;
  readonly #teardown: Teardown;

  /** @internal */
  constructor(parts: ContainerParts) {
    this.#parts = parts;
    this.id = parts.state.id;
    this.pid = parts.main.pid;
    this.notes = parts.notes;
    ({ stdin: this.stdin, stdout: this.stdout, stderr: this.stderr, terminal: this.terminal } = parts.streams);
    this.#live = { cgroup: parts.state.cgroup, owned: parts.owned, dies: diesWithParent(parts.state.spec) };
    noteStart(this.#live);
    this.#teardown = new Teardown(parts, () => this.#state);
    this.exited = this.#finish();
    // Whoever does not ask for the result is not to be brought down by it.
    this.exited.catch(() => undefined);
    const note = isSupervised(parts.state.spec)
      ? (verdict: keyof Verdict): void => {
          parts.owned.update({ verdict });
        }
      : undefined;
    this.#verdict = watchEnding(this.#endable(), parts.ending, note);
  }

  /**
   * Kills every process of the container, at once and without a way out, and waits until its cgroup is gone.
   *
   * @returns how many processes there were and how long it took
   */
  async kill(): Promise<KillReport> {
    const report = await this.#teardown.kill();
    await this.exited;
    return report;
  }

  /**
   * Asks the main process, or with `allProcesses` every one, to end (`stopSignal`, SIGTERM unless the options say otherwise),
   * and kills the container when it has not after the grace period (10 s unless the options say otherwise). One that is paused
   * goes on, to be able to.
   *
   * @throws OptionError
   */
  async stop({ allProcesses = false, ...options }: StopOptions = {}): Promise<ContainerResult> {
    checkEnding(options);
    const ask = (signal: string): unknown => (allProcesses ? this.#signalEvery(signal) : this.signal(signal));
    const signal = async (name: string): Promise<void> => {
      if (this.#isOver) return;
      await ask(name);
      (await import('./signalling.js')).thawIfPaused(this.#parts.state);
    };
    await stop({ ...this.#endable(), signal }, { ...this.#parts.ending, ...options });
    return this.exited;
  }

  /**
   * Sends a signal to the main process. `SIGKILL` takes only that one, and with it, by way of the pid namespace, the rest;
   * {@link Container.kill} is surer.
   *
   * @param signal - `SIGTERM`, `TERM` or a number
   * @returns `false` when it has ended already
   */
  signal(signal: string | number): boolean {
    return this.#parts.main.signal(signal);
  }

  /**
   * Sends a signal to every process, cgroups that the container has made included: they are frozen meanwhile, so that none can
   * fork away from it. In a paused container they act on it when it goes on.
   *
   * @param signal - `SIGTERM`, `TERM` or a number
   * @returns how many got it; without a cgroup, only the first process can
   * @throws StateError; OptionError when there is no such signal; CgroupRefusedError, CgroupError
   */
  async signalAll(signal: string | number): Promise<SignalReport> {
    this.#checkRunning('signal');
    return this.#signalEvery(signal);
  }

  /** Stops all its processes in their tracks. @see cgroup-v2.rst `cgroup.freeze` */
  async pause(): Promise<void> {
    this.#checkRunning('pause');
    checkHeld('pause', this.#parts.state);
    await freezeCgroup(this.#parts.state.cgroup);
    this.#noteFrozen(true);
  }

  /** Lets its processes go on. */
  resume(): Promise<void> {
    this.#checkRunning('resume');
    checkHeld('resume', this.#parts.state);
    thawCgroup(this.#parts.state.cgroup);
    this.#noteFrozen(false);
    return Promise.resolve();
  }

  /**
   * Changes its limits: all that are given, or, when one is refused, none.
   *
   * @returns the limits that are in force then
   * @throws StateError; OptionError for a value that makes no sense; UnsupportedError for a limit of a kind that the container
   *   cannot get any more; CgroupError for one that the kernel refuses, such as memory that is in use
   */
  async update(options: UpdateOptions): Promise<Limits> {
    const { updateContainer } = await import('./updating.js');
    this.#checkRunning('update');
    const { owned } = this.#parts;
    return updateContainer(this.#state, options, (update) => {
      owned.update({ update });
      this.#isChanged = true;
    });
  }

  /** @internal Returns what a list of containers shows of it. */
  describe(): ContainerInfo {
    return describeState(this.#state);
  }

  /** @internal Lists its processes, by pid; of one without a cgroup only the first is known. */
  listPids(): readonly number[] {
    const { cgroup, init } = this.#state;
    if (hasCgroup(cgroup)) return listProcesses(cgroup);
    return this.#parts.main.hasEnded || init === undefined ? [] : [init.pid];
  }

  /** Returns what it uses now. */
  stats(): Promise<Stats> {
    this.#checkRunning('read stats of');
    return Promise.resolve(readFigures(this.#state));
  }

  /**
   * Runs another command in the container: same namespaces, same limits, a cgroup of its own below the container's, in which
   * it can be killed alone.
   */
  exec<
    In extends StreamOption = 'ignore',
    Out extends StreamOption = 'pipe',
    Err extends StreamOption = 'pipe',
    Tty extends TerminalOption = false,
  >(
    command: readonly string[],
    options?: ExecOptions & PipeOptions<In, Out, Err, Tty>,
  ): Promise<ExecProcess & Pipes<In, Out, Err, Tty>>;
  exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecProcess> {
    this.#checkRunning('exec in');
    return startExec(this.#parts.state, command, options);
  }

  /** Kills it: the end of an `await using` scope. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #endable(): Endable {
    return {
      signal: (signal) => {
        this.signal(signal);
      },
      kill: () => this.kill(),
      ended: this.exited,
    };
  }

  async #signalEvery(signal: string | number): Promise<SignalReport> {
    const { signalEvery } = await import('./signalling.js');
    return signalEvery(this.#parts.state, signal);
  }

  // cgroup v2 itself tells those who watch.
  #noteFrozen(frozen: boolean): void {
    if (this.#parts.state.cgroup.v2 === undefined) this.#parts.owned.update({ frozen });
  }

  // Its limits may have been changed, by whomever.
  get #state(): State {
    const { owned, state } = this.#parts;
    return this.#isChanged || owned.hasAdditions ? (owned.read() ?? state) : state;
  }

  #checkRunning(action: string): void {
    if (this.#isOver) throw new StateError(action, this.id, 'stopped');
  }

  /** Waits for the main process, and then takes everything else along. */
  async #finish(): Promise<ContainerResult> {
    const { main, owned, state, startedAt } = this.#parts;
    const exit = await main.exit;
    const { leftBehind, usage } = await this.#teardown.finish(exit);
    this.#isOver = true;
    const exitedAt = this.#parts.onEnd && main.readReport()?.exitedAt;
    await main.release(state.cgroup);
    const result: ContainerResult = {
      ...(exit ?? this.#guessExit()),
      ...this.#verdict,
      ...(state.verdict !== undefined && { [state.verdict]: true }),
      oomKilled: usage.oomKilled === true,
      usage,
      leftBehind,
      durationMs: now() - startedAt,
    };
    this.#tell(result, exitedAt);
    owned.remove(() => result);
    noteEnd(this.#live);
    this.#parts.streams.finish();
    return result;
  }

  // What cannot be written down is kept, for whoever takes the container over.
  #tell(result: ContainerResult, exitedAt: bigint | undefined): void {
    const { onEnd, owned, streams } = this.#parts;
    try {
      onEnd?.(result, exitedAt === undefined ? new Date() : new Date(Number(exitedAt / NS_PER_MS)));
    } catch (error) {
      owned.release();
      noteEnd(this.#live);
      streams.finish();
      throw error;
    }
  }

  // Who was killed has no time to note how it ended.
  #guessExit(): MainExit & Pick<ContainerResult, 'statusUnknown'> {
    if (this.#teardown.isKill || this.#state.killed === true) return { exitCode: null, signal: 'SIGKILL' };
    return { exitCode: null, signal: null, statusUnknown: true };
  }
}

const NS_PER_MS = 1_000_000n;
