import { freezeCgroup, isFrozen, thawCgroup } from '../cgroup/freeze.js';
import { type KillReport, killCgroup } from '../cgroup/kill.js';
import type { Limits } from '../cgroup/limits.js';
import { removeParent } from '../cgroup/parent.js';
import type { SignalReport } from '../cgroup/signal.js';
import type { CgroupRef } from '../cgroup/types.js';
import { inodeOf } from '../cgroup/ref.js';
import { readUsage } from '../cgroup/usage.js';
import { isSupervised } from '../spec/annotations.js';
import type { UpdateOptions } from '../spec/options.js';
import { type Pruned, claimAbandoned, clearAbandoned } from './clearing.js';
import type { CopyDestination, CopyOptions, CopyReport, CopySource } from './copy/copy.js';
import type { PipeOptions, Pipes, TerminalOption } from './pipes.js';
import { type LastUsage, type State, isSameContainer } from './state.js';
import type { StopReport, StopRequest } from './stopping.js';
import { Store, stateDirectory } from './store.js';
import type { StreamOption } from './streams.js';
import { type ExecOptions, type ExecProcess, startExec } from './exec.js';
import { checkAlive, checkHeld, describeState } from './describe.js';
import { killExec } from './execs.js';
import type { ContainerInfo } from './info.js';
import { killState } from './kill-state.js';
import { findNested, isNestedPath, outermost } from './nested.js';
import { type ContainerTree, type Grown, growForest, growTree, selectBranch } from './tree.js';
import { type ContainerEvents, type EventOptions, watchContainers } from './events/watch.js';
import { type ContainerInternals, readInternals } from './inspect.js';
import { type EndReport, type WaitOptions, waitForEnd } from './wait.js';

export type { Pruned } from './clearing.js';
export type { ContainerEvents } from './events/watch.js';
/** All that is known of a container. */
export interface ContainerDetails extends ContainerInfo, ContainerInternals {}

/** The containers of this user, whoever started them: what the command line works on. */
export class Containers {
  readonly #store: Store;

  /** @param stateDir - where their state is kept; default `/run/corral` for root, else `$XDG_RUNTIME_DIR/corral` */
  constructor(options: { readonly stateDir?: string | undefined } = {}) {
    this.#store = new Store(stateDirectory(options.stateDir, process.geteuid?.() ?? 0, process.env));
  }

  /** Lists the containers, by name. @param options - `except`: those that are left out, and not looked at */
  list({ except }: { readonly except?: ReadonlySet<string> } = {}): readonly ContainerInfo[] {
    const names = this.#store.names().filter((name) => except?.has(name) !== true);
    return this.#store.list(names).map((state) => describeState(state));
  }

  /**
   * Returns the containers, by name, with those that they hold, and so on: from a host all of them, from inside a container
   * those below it.
   *
   * @param names - which, instead of all; also the path of one in another: `outer/inner`
   * @param how - `brief`: without the figures that nobody watches from second to second: peaks, swap, kinds of CPU time
   * @throws NotFoundError
   */
  tree(names: readonly string[] = [], how: { readonly brief?: boolean } = {}): readonly ContainerTree[] {
    const describe = (state: State): Grown => ({ info: describeState(state, how), cgroup: state.cgroup });
    if (names.length === 0) return growForest(this.#store.list().map(describe), how);
    return names.map((name) => selectBranch(growTree(describe(this.#store.get(outermost(name))), how), name));
  }

  /** Tells whether there is a container of that name, whether or not it runs yet. */
  has(id: string): boolean {
    return this.#store.read(id) !== undefined;
  }

  /** Returns one container. @throws NotFoundError */
  get(id: string): ContainerInfo {
    return describeState(this.#store.get(id));
  }

  /**
   * Kills a container whole, whoever its owner is, and waits until its cgroup is gone. Its owner, if alive, learns how it
   * ended; otherwise its state is removed, too, unless it is a supervisor's.
   *
   * @param id - its name, or the path of one in another: `outer/inner`
   * @param options - `dryRun`: kill nothing, and list the processes that would die
   * @throws NotFoundError; CgroupRefusedError when the cgroup is not the one that was recorded
   */
  async kill(id: string, options: { readonly dryRun?: boolean } = {}): Promise<KillReport> {
    if (isNestedPath(id)) return killCgroup(this.#findNested(id), options.dryRun === true ? { dryRun: true } : {});
    const state = this.#store.get(id);
    const { cgroup } = state;
    if (options.dryRun === true) return killState(state, { dryRun: true });
    this.#store.add(id, { killed: true }, isSameContainer(state));
    const report = await killState(state, {
      beforeRemove: () => {
        this.#saveUsage(id, cgroup, { inode: inodeOf(cgroup), usage: readUsage(cgroup) });
      },
    });
    // The next supervisor is to learn how it ended.
    if (!isSupervised(state.spec)) (await claimAbandoned(this.#store, id))?.remove();
    removeParent(cgroup);
    return report;
  }

  /**
   * Asks a container to end, as `docker stop` does, and kills it when it has not after the grace period. The signal goes to
   * the main process, or with `allProcesses` to every one; a container that is paused goes on.
   *
   * @param options - what is not given is as it was said when the container was made, else SIGTERM and 10 s
   * @throws NotFoundError, StateError, OptionError; as {@link Containers.kill} does
   */
  async stop(id: string, options: StopRequest = {}): Promise<StopReport> {
    const { stopContainer } = await import('./stopping.js');
    return stopContainer(id, options, {
      store: this.#store,
      onAsked: options.onAsked,
      kill: () => this.kill(id),
    });
  }

  /**
   * Sends a signal to a container's main process.
   *
   * @param signal - `SIGTERM`, `TERM` or a number
   * @returns `false` when it has ended meanwhile
   * @throws NotFoundError, StateError; OptionError when there is no such signal
   */
  async signal(id: string, signal: string | number): Promise<boolean> {
    const { signalMain } = await import('./signalling.js');
    return signalMain(this.#getAlive('signal', id), signal);
  }

  /**
   * Sends a signal to every process of a container, cgroups that it has made included: they are frozen meanwhile, so that none
   * can fork away from it. In a paused container they act on it when it goes on.
   *
   * @param id - its name, or the path of one in another: `outer/inner`
   * @returns how many got it; without a cgroup, only the first process can
   * @throws NotFoundError, StateError; OptionError when there is no such signal; CgroupRefusedError, CgroupError
   */
  async signalAll(id: string, signal: string | number): Promise<SignalReport> {
    const { signalEvery, signalInside } = await import('./signalling.js');
    if (isNestedPath(id)) return signalInside(this.#findNested(id), signal);
    return signalEvery(this.#getAlive('signal', id), signal);
  }

  /**
   * Kills one `exec` of a container, whoever has started it, with all that it has started, and nothing else.
   *
   * @param name - as {@link Containers.inspect} lists it: `exec-1`
   * @param options - `dryRun`: kill nothing, and list the processes that would die
   * @throws NotFoundError, and an error of the same code when there is no such exec
   */
  async killExec(id: string, name: string, options: { readonly dryRun?: boolean } = {}): Promise<KillReport> {
    return killExec(this.#store.get(id), name, options);
  }

  /** Runs another command in a running container. @throws NotFoundError, StateError, and as {@link Container.exec} does */
  exec<
    In extends StreamOption = 'ignore',
    Out extends StreamOption = 'pipe',
    Err extends StreamOption = 'pipe',
    Tty extends TerminalOption = false,
  >(
    id: string,
    command: readonly string[],
    options?: ExecOptions & PipeOptions<In, Out, Err, Tty>,
  ): Promise<ExecProcess & Pipes<In, Out, Err, Tty>>;
  async exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<ExecProcess> {
    return startExec(this.#store.get(id), command, options);
  }

  /**
   * Copies files into a container, out of it, or from one to another, by the rules of `docker cp`: directories with all that
   * is in them, links as links; modes and times are kept. The containers may be paused. All paths of a container are resolved
   * in it, by a process in its own namespaces.
   *
   * @param source - a path of the host, one of a container, or a tar archive to unpack
   * @param destination - likewise; a stream gets a tar archive
   * @returns what was left out: sockets, devices, names that are no UTF-8, what changed meanwhile
   * @throws NotFoundError, StateError; SyscallError naming the path, with what came before it copied
   */
  async copy(source: CopySource, destination: CopyDestination, options: CopyOptions = {}): Promise<CopyReport> {
    const { copyFiles } = await import('./copy/copy.js');
    return copyFiles(source, destination, { ...options, find: (id) => this.#store.get(id) });
  }

  /**
   * Stops all processes of a container in their tracks.
   *
   * @returns `false` when they stood still already
   * @throws NotFoundError, StateError unless it is running, whether or not its owner is; CgroupError when a process does not stand still in time
   * @see cgroup-v2.rst `cgroup.freeze`
   */
  async pause(id: string): Promise<boolean> {
    const state = this.#getHeld('pause', id);
    const changes = !isFrozen(state.cgroup);
    await freezeCgroup(state.cgroup);
    this.#noteFrozen(state, true);
    return changes;
  }

  /**
   * Lets the processes of a paused container go on.
   *
   * @returns `false` when they were not paused
   * @throws NotFoundError, StateError unless it is paused or running, whether or not its owner is
   */
  resume(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      const state = this.#getHeld('resume', id);
      const changes = isFrozen(state.cgroup);
      thawCgroup(state.cgroup);
      this.#noteFrozen(state, false);
      resolve(changes);
    });
  }

  /**
   * Changes the limits of a running container: all that are given, or, when one is refused, none.
   *
   * @returns the limits that are in force then
   * @throws NotFoundError, StateError; OptionError for a value that makes no sense; UnsupportedError for a limit of a kind that
   *   the container cannot get any more; CgroupError for one that the kernel refuses, such as memory that is in use
   */
  async update(id: string, options: UpdateOptions): Promise<Limits> {
    const { updateContainer } = await import('./updating.js');
    const state = this.#getAlive('update', id);
    return updateContainer(state, options, (update) => {
      this.#store.add(id, { update }, isSameContainer(state));
    });
  }

  /**
   * Waits for the end of a container, whoever its owner is: until nothing of it is left, or, where its owner has died, until
   * its first process has ended.
   *
   * @param options - `signal`: ends the wait, with the signal's reason
   * @returns how it ended: everything that its owner knows; without an owner, how its first process ended; where nobody can
   *   tell, only its name
   * @throws NotFoundError
   */
  wait(id: string, options: WaitOptions = {}): Promise<EndReport> {
    return waitForEnd(this.#store, id, options);
  }

  /**
   * Watches containers from the call on: what becomes of them, whoever does it. The kernel tells of it: nothing is looked at
   * again and again.
   *
   * @param options - `names`: only these, whether or not there are such containers yet; `signal`: ends the iteration
   * @returns the events, in the order in which they are learnt of; the watch ends with the iteration
   * @throws ContainerError when the directory of the state cannot be trusted; SyscallError when it cannot be watched
   */
  events(options: EventOptions = {}): ContainerEvents {
    return watchContainers(this.#store, options);
  }

  /** Returns all that is known of a container. @throws NotFoundError */
  inspect(id: string): ContainerDetails {
    const state = this.#store.get(id);
    const info = describeState(state);
    return { ...info, ...readInternals(state, info.pid, this.#store.path(id)) };
  }

  /**
   * Clears away what crashes have left: containers whose owner is dead are killed, their cgroups and state removed. Those of a
   * supervisor are left to the next one.
   *
   * @param options - `dryRun`: clear nothing away, and list what would be
   * @returns what was cleared away, by name; without a report where a start had not got as far as a cgroup
   */
  prune(options: { readonly dryRun?: boolean } = {}): Promise<readonly Pruned[]> {
    return clearAbandoned(this.#store, options.dryRun === true);
  }

  #findNested(path: string): CgroupRef {
    return findNested(path, (outer) => this.#store.get(outer));
  }

  #getAlive(action: string, id: string): State {
    const state = this.#store.get(id);
    checkAlive(action, state);
    return state;
  }

  #getHeld(action: string, id: string): State {
    const state = this.#getAlive(action, id);
    checkHeld(action, state);
    return state;
  }

  // cgroup v2 itself tells those who watch.
  #noteFrozen(state: State, frozen: boolean): void {
    if (state.cgroup.v2 === undefined) this.#store.add(state.id, { frozen }, isSameContainer(state));
  }

  // The owner reads it when it finds the cgroup gone. An owner that has finished already needs it no more, and a container
  // that has taken the name since is another one.
  #saveUsage(id: string, cgroup: CgroupRef, lastUsage: LastUsage): void {
    this.#store.add(id, { lastUsage }, (now) => inodeOf(now.cgroup) === inodeOf(cgroup));
  }
}
