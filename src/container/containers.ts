import { setTimeout as delay } from 'node:timers/promises';
import { freezeCgroup, isFrozen, thawCgroup } from '../cgroup/freeze.js';
import { type KillReport, killCgroup } from '../cgroup/kill.js';
import type { Limits } from '../cgroup/limits.js';
import { removeParent } from '../cgroup/parent.js';
import type { SignalReport } from '../cgroup/signal.js';
import type { CgroupRef } from '../cgroup/types.js';
import { hasCgroup } from '../cgroup/ref.js';
import { readUsage } from '../cgroup/usage.js';
import { NotFoundError } from '../errors/state-errors.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import type { UpdateOptions } from '../spec/options.js';
import { now } from '../util/now.js';
import type { CopyDestination, CopyOptions, CopyReport, CopySource } from './copy/copy.js';
import { isAlive, openProcess, type ProcessIdentity } from './identity.js';
import type { PipeOptions, Pipes, TerminalOption } from './pipes.js';
import type { LastUsage, State } from './state.js';
import type { OwnedState } from './state-file.js';
import type { StopReport } from './stopping.js';
import { Store, stateDirectory } from './store.js';
import type { StreamOption } from './streams.js';
import { type ExecOptions, type ExecProcess, startExec } from './exec.js';
import { checkAlive, describeState } from './describe.js';
import { foreignRemover } from './foreign.js';
import type { ContainerInfo } from './info.js';
import { isNestedPath, killNested, outermost } from './nested.js';
import { type ContainerTree, growTree, selectBranch } from './tree.js';
import type { StopOptions } from './ending.js';
import { type ContainerInternals, readInternals } from './inspect.js';
import { type EndReport, type WaitOptions, waitForEnd } from './wait.js';

/** All that is known of a container. */
export interface ContainerDetails extends ContainerInfo, ContainerInternals {}

/** What {@link Containers.prune} cleared away, or would. */
export interface Pruned {
  readonly id: string;
  /** What the kill did; absent for a start that had not got as far as a cgroup. */
  readonly report: KillReport | undefined;
}

/** The containers of this user, whoever started them: what the command line works on. */
export class Containers {
  readonly #store: Store;

  /** @param stateDir - where their state is kept; default `/run/corral` for root, else `$XDG_RUNTIME_DIR/corral` */
  constructor(options: { readonly stateDir?: string | undefined } = {}) {
    this.#store = new Store(stateDirectory(options.stateDir, process.geteuid?.() ?? 0, process.env));
  }

  /** Lists the containers, by name. */
  list(): readonly ContainerInfo[] {
    return this.#store.list().map((state) => describeState(state));
  }

  /**
   * Returns the containers, by name, with those that they hold, and so on: from a host all of them, from inside a container
   * those below it.
   *
   * @param names - which, instead of all; also the path of one in another: `outer/inner`
   * @throws NotFoundError
   */
  tree(names: readonly string[] = []): readonly ContainerTree[] {
    const grow = (state: State): ContainerTree => growTree(describeState(state), state.cgroup);
    if (names.length === 0) return this.#store.list().map(grow);
    return names.map((name) => selectBranch(grow(this.#store.get(outermost(name))), name));
  }

  /** Returns one container. @throws NotFoundError */
  get(id: string): ContainerInfo {
    return describeState(this.#store.get(id));
  }

  /**
   * Kills a container whole, whoever its owner is, and waits until its cgroup is gone. Its owner, if alive, learns how it
   * ended; otherwise its state is removed, too.
   *
   * @param id - its name, or the path of one in another: `outer/inner`
   * @param options - `dryRun`: kill nothing, and list the processes that would die
   * @throws NotFoundError; CgroupRefusedError when the cgroup is not the one that was recorded
   */
  async kill(id: string, options: { readonly dryRun?: boolean } = {}): Promise<KillReport> {
    if (isNestedPath(id)) return killNested(id, (outer) => this.#store.get(outer), options);
    const { cgroup, init, idMaps } = this.#store.get(id);
    if (options.dryRun === true) return killCgroup(cgroup, { dryRun: true });
    if (!hasCgroup(cgroup) && init !== undefined) await killInit(init);
    const report = await killCgroup(cgroup, {
      removeForeign: foreignRemover(idMaps),
      beforeRemove: () => {
        this.#saveUsage(id, cgroup, { inode: cgroup.v2?.inode, usage: readUsage(cgroup) });
      },
    });
    (await this.#claim(id))?.remove();
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
  async stop(id: string, options: StopOptions = {}): Promise<StopReport> {
    const { stopContainer } = await import('./stopping.js');
    return stopContainer(id, options, {
      store: this.#store,
      kill: () => this.kill(id).catch(unlessNotFound),
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
   * @returns how many got it; without a cgroup, only the first process can
   * @throws NotFoundError, StateError; OptionError when there is no such signal; CgroupRefusedError, CgroupError
   */
  async signalAll(id: string, signal: string | number): Promise<SignalReport> {
    const { signalEvery } = await import('./signalling.js');
    return signalEvery(this.#getAlive('signal', id), signal);
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
    const cgroup = this.#getCgroup('pause', id);
    const changes = !isFrozen(cgroup);
    await freezeCgroup(cgroup);
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
      const cgroup = this.#getCgroup('resume', id);
      const changes = isFrozen(cgroup);
      thawCgroup(cgroup);
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
      this.#store.add(id, { update }, isSame(state));
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

  /** Returns all that is known of a container. @throws NotFoundError */
  inspect(id: string): ContainerDetails {
    const state = this.#store.get(id);
    const info = describeState(state);
    return { ...info, ...readInternals(state, info.pid, this.#store.path(id)) };
  }

  /**
   * Clears away what crashes have left: containers whose owner is dead are killed, their cgroups and state removed.
   *
   * @param options - `dryRun`: clear nothing away, and list what would be
   * @returns what was cleared away, by name; without a report where a start had not got as far as a cgroup
   */
  async prune(options: { readonly dryRun?: boolean } = {}): Promise<readonly Pruned[]> {
    const pruned: Pruned[] = [];
    const failures: unknown[] = [];
    for (const name of this.#store.names()) {
      const owned = await this.#claim(name);
      if (owned === undefined) continue;
      try {
        const state = this.#store.read(name);
        const report = state === undefined ? undefined : await clear(state, options.dryRun === true);
        if (options.dryRun === true) owned.release();
        else owned.remove();
        if (state !== undefined && options.dryRun !== true) removeParent(state.cgroup);
        pruned.push({ id: state?.id ?? name, report });
      } catch (error) {
        owned.release();
        failures.push(error);
      }
    }
    // One that cannot be cleared away does not keep the others from it; but it does not pass in silence either.
    if (failures.length > 0) throw failures[0];
    return pruned;
  }

  #getAlive(action: string, id: string): State {
    const state = this.#store.get(id);
    checkAlive(action, state);
    return state;
  }

  #getCgroup(action: string, id: string): CgroupRef {
    const { cgroup } = this.#getAlive(action, id);
    if (hasCgroup(cgroup)) return cgroup;
    throw new UnsupportedError(`${action} ${JSON.stringify(id)}`, 'a cgroup', {
      hint: 'it was started where none could be made',
    });
  }

  // A process that dies in the middle of a clone leaves its lock to the child for a moment: until that has exec'd.
  async #claim(name: string): Promise<OwnedState | undefined> {
    const deadline = now() + CLAIM_MS;
    for (;;) {
      const owned = this.#store.claim(name);
      if (owned !== undefined) return owned;
      const owner = this.#store.read(name)?.owner;
      if (owner === undefined || isAlive(owner) || now() > deadline) return undefined;
      await delay(5);
    }
  }

  // The owner reads it when it finds the cgroup gone. An owner that has finished already needs it no more, and a container
  // that has taken the name since is another one.
  #saveUsage(id: string, cgroup: CgroupRef, lastUsage: LastUsage): void {
    this.#store.add(id, { lastUsage }, (now) => now.cgroup.v2?.inode === cgroup.v2?.inode);
  }
}

function isSame({ createdAt, owner }: State): (now: State) => boolean {
  return (now) => now.createdAt === createdAt && now.owner.pid === owner.pid;
}

function unlessNotFound(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}

async function clear({ cgroup, init, idMaps }: State, dryRun: boolean): Promise<KillReport> {
  if (dryRun) return killCgroup(cgroup, { dryRun });
  if (init !== undefined && !hasCgroup(cgroup)) await killInit(init);
  return killCgroup(cgroup, { removeForeign: foreignRemover(idMaps) });
}

/** How long the lock of a dead owner is waited for. */
const CLAIM_MS = 5000;

/** The last rung, where there is no cgroup: a pid namespace dies with its first process. */
async function killInit(init: ProcessIdentity): Promise<void> {
  using pidfd = openProcess(init);
  if (pidfd === undefined) return;
  pidfd.signal(SIGKILL);
  await pidfd.untilExit();
}

const SIGKILL = 9;
