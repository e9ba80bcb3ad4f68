import { Containers } from '../container/containers.js';
import type { ContainerInfo } from '../container/info.js';
import type { EndReport } from '../container/wait.js';
import { DEFAULT_GRACE_MS } from '../container/ending.js';
import type { ExecOptions } from '../container/exec.js';
import { type ProcessInfo, listContainerProcesses } from '../container/processes.js';
import { ConnectionError } from '../errors/api-error.js';
import { NotFoundError, StateError } from '../errors/state-errors.js';
import type { UpdateOptions } from '../spec/options.js';
import type { Client } from '../supervisor/client/client.js';
import { findSocket } from '../supervisor/client/find-socket.js';
import type { SupervisedInfo } from '../supervisor/types.js';
import { closest } from '../util/closest.js';
import { now } from '../util/now.js';
import { type KeptNames, keptElsewhere, keptHere } from './kept-names.js';
import type { KillReport, StopReport } from './kill-report.js';
import type { StartedExec } from './exec-elsewhere.js';
import { printNote } from './report-error.js';
import { hasProcesses, isUp } from './status.js';
import type { VerbContext } from './verb.js';

/** A container of a list, whoever keeps it. */
export type Listed = ContainerInfo | SupervisedInfo;

/** How {@link Containers.stop} asks. */
type StopOptions = NonNullable<Parameters<Containers['stop']>[1]>;

/**
 * All containers of this user: those of the supervisor, for which it is asked, and started where it does not run, and all others,
 * for which it is not needed.
 */
export class Fleet {
  /** Those that run and can be seen from here, whoever keeps them; what is to be seen of them, and signals, need no supervisor. */
  readonly running: Containers;
  readonly #context: VerbContext;
  readonly #kept: KeptNames;
  #client: Promise<Client> | undefined;
  /** The supervisor is outside of the container that this is: what it keeps is not to be seen from here. */
  readonly #isElsewhere: boolean;

  private constructor(context: VerbContext, kept: KeptNames, client?: Client) {
    this.#context = context;
    this.running = new Containers(context);
    this.#kept = kept;
    this.#isElsewhere = client !== undefined;
    if (client !== undefined) this.#client = Promise.resolve(client);
  }

  /** Finds out who keeps containers: in a container that was given the socket of a supervisor, that one. */
  static async open(context: VerbContext): Promise<Fleet> {
    if (!findSocket(context, process.geteuid?.() ?? 0, process.env).isGiven)
      return new Fleet(context, keptHere(context));
    try {
      const client = await connect(context);
      return new Fleet(context, keptElsewhere(await client.list()), client);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      printNote(`only what runs inside of this container is known: ${error.message}`);
      return new Fleet(context, keptElsewhere([]));
    }
  }

  /** Tells whether the supervisor keeps a container of that name, whether or not it runs. */
  isSupervised(id: string): boolean {
    return this.#kept.has(id);
  }

  /** Returns the supervisor. */
  supervisor(): Promise<Client> {
    this.#client ??= connect(this.#context);
    return this.#client;
  }

  /**
   * Returns the supervisor, which keeps a container.
   *
   * @param action - what is wanted of it
   * @throws NotFoundError where there is none of that name; StateError where somebody else has it
   */
  async keeper(action: string, id: string): Promise<Client> {
    this.#checkKnown(id);
    if (this.isSupervised(id)) return this.supervisor();
    throw new StateError(action, id, 'not the supervisor’s', {
      hint: 'whoever has started it sees and holds it; corral run -d leaves one to the supervisor',
    });
  }

  /**
   * Checks that a container runs: what is wanted of it needs its processes.
   *
   * @throws NotFoundError; StateError where the supervisor keeps it, and it does not run
   */
  async checkUp(action: string, id: string): Promise<void> {
    this.#checkKnown(id);
    if (!this.isSupervised(id) || this.running.has(id)) return;
    const { status } = await (await this.supervisor()).get(id);
    if (this.#isElsewhere && hasProcesses({ status })) return;
    const hint =
      status === 'waiting' ? `it is started again in a while; at once: corral start ${id}` : `corral start ${id}`;
    throw new StateError(action, id, status, status === 'waiting' || !isUp({ status }) ? { hint } : {});
  }

  /** Lists all, by name. */
  async list(): Promise<readonly Listed[]> {
    if (this.#kept.list().length === 0) return this.running.list();
    const client = await this.supervisor();
    const supervised = await client.list();
    const others = this.running.list({ except: new Set(supervised.map(({ id }) => id)) });
    return [...others, ...supervised].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** @throws as {@link Containers.kill} does; StateError where it has ended */
  async kill(id: string, options: { readonly dryRun: boolean }): Promise<KillReport> {
    if (options.dryRun) return (await this.here('kill', id)).kill(id, options);
    this.#checkKnown(id);
    if (!this.isSupervised(id)) return this.running.kill(id, options);
    return (await this.supervisor()).kill(id);
  }

  /** @throws as {@link Containers.stop} does */
  async stop(id: string, { onAsked, ...options }: StopOptions): Promise<StopReport> {
    this.#checkKnown(id);
    if (!this.isSupervised(id)) return this.running.stop(id, { ...options, ...(onAsked && { onAsked }) });
    const client = await this.supervisor();
    return tellGrace(client, id, { options, onAsked }, () => client.stop(id, options));
  }

  /** Stops one, where it runs, and starts it. @throws NotFoundError, StateError; what the start throws */
  async restart(id: string, { onAsked, ...options }: StopOptions): Promise<SupervisedInfo> {
    const client = await this.keeper('restart', id);
    return tellGrace(client, id, { options, onAsked }, () => client.restart(id, options));
  }

  /** @throws as {@link Containers.pause} does */
  async pause(id: string): Promise<boolean> {
    await this.checkUp('pause', id);
    return this.isSupervised(id) ? (await this.supervisor()).pause(id) : this.running.pause(id);
  }

  /** @throws as {@link Containers.resume} does */
  async resume(id: string): Promise<boolean> {
    await this.checkUp('resume', id);
    return this.isSupervised(id) ? (await this.supervisor()).resume(id) : this.running.resume(id);
  }

  /** Sends a signal to all processes of one. @throws as {@link Containers.signalAll} does */
  async signalAll(id: string, signal: string | number): ReturnType<Containers['signalAll']> {
    await this.checkUp('signal', id);
    if (!this.isOutOfSight(id)) return this.running.signalAll(id, signal);
    const client = await this.supervisor();
    const pids = (await client.processes(id)).map(({ pid }) => pid);
    const { status } = await client.get(id);
    await client.signal(id, signal, { all: true });
    // It is not told which processes those were in the end.
    return { processes: pids.length, pids, complete: false, paused: status === 'paused' };
  }

  /** Runs a command in one that runs. @throws as {@link Containers.exec} does */
  async exec(id: string, command: readonly string[], options: ExecOptions): Promise<StartedExec> {
    await this.checkUp('exec in', id);
    if (!this.isOutOfSight(id)) return this.running.exec(id, command, options);
    const { execElsewhere } = await import('./exec-elsewhere.js');
    return execElsewhere(await this.supervisor(), id, { command, ...options });
  }

  /** Describes the processes of one that runs. @throws NotFoundError, StateError */
  async processes(id: string): Promise<readonly ProcessInfo[]> {
    await this.checkUp('list the processes of', id);
    if (this.isOutOfSight(id)) return (await this.supervisor()).processes(id);
    return listContainerProcesses(id, this.#context);
  }

  /**
   * Returns those that run, for what only can be done where they are to be seen.
   *
   * @throws NotFoundError; StateError, also for one of a supervisor outside
   */
  async here(action: string, id: string): Promise<Containers> {
    await this.checkUp(action, id);
    if (!this.isOutOfSight(id)) return this.running;
    throw new StateError(action, id, 'outside of this one', {
      hint: 'its supervisor, which is outside, can start and end it, read its logs, and run commands in it',
    });
  }

  /** Lists what runs out of sight. */
  async outOfSight(): Promise<readonly (SupervisedInfo & Pick<ContainerInfo, 'stats'>)[]> {
    if (!this.#isElsewhere) return [];
    const all = await (await this.supervisor()).list();
    return all.flatMap(({ stats, ...one }) =>
      stats === undefined || this.running.has(one.id) ? [] : [{ ...one, stats }],
    );
  }

  /** @throws as {@link Containers.update} does */
  async update(id: string, limits: UpdateOptions): ReturnType<Containers['update']> {
    await this.checkUp('update', id);
    if (!this.isSupervised(id)) return this.running.update(id, limits);
    return (await this.supervisor()).update(id, limits);
  }

  /** Waits until one has ended, and is not to be started again. @throws NotFoundError */
  async wait(id: string): Promise<EndReport> {
    this.#checkKnown(id);
    if (!this.isSupervised(id)) return this.running.wait(id);
    return { id, ...(await (await this.supervisor()).wait(id)) };
  }

  /** Returns all that is known of one. @throws NotFoundError */
  async inspect(id: string): Promise<{ readonly id: string }> {
    this.#checkKnown(id);
    if (!this.isSupervised(id)) return this.running.inspect(id);
    const { container, ...rest } = await (await this.supervisor()).inspect(id);
    return { ...container, ...rest };
  }

  /** Tells whether the supervisor keeps it outside of the container that this is. */
  isOutOfSight(id: string): boolean {
    return this.#isElsewhere && this.isSupervised(id) && !this.running.has(id);
  }

  // What stands inside another is found by its path, and told of by whoever looks there.
  #checkKnown(id: string): void {
    if (id.includes('/') || this.isSupervised(id) || this.running.has(id)) return;
    const names = [...this.#kept.list(), ...this.running.list().map((one) => one.id)];
    const meant = closest(id, names);
    throw new NotFoundError(id, meant === undefined ? {} : { hint: `did you mean ${meant}?` });
  }
}

async function connect({ stateDir }: VerbContext): Promise<Client> {
  // Loaded where it is needed: what runs is seen without it.
  const { connect: open } = await import('../supervisor/connect.js');
  return open({ stateDir });
}

/** What ends sooner needs no word of when it would be killed. */
const PATIENCE_MS = 500;

/** Has a container end, and tells when it will be killed, as its options say it. */
async function tellGrace<Result>(
  client: Client,
  id: string,
  { options, onAsked }: { readonly options: Omit<StopOptions, 'onAsked'>; readonly onAsked: StopOptions['onAsked'] },
  end: () => Promise<Result>,
): Promise<Result> {
  const askedAt = now();
  const tell = async (): Promise<void> => {
    const { supervision } = (await client.inspect(id)).options;
    const graceMs = options.gracePeriod ?? supervision.gracePeriod ?? DEFAULT_GRACE_MS;
    onAsked?.(askedAt + graceMs - now());
  };
  const timer = setTimeout(() => {
    // It has just ended, or the supervisor has.
    if (onAsked !== undefined) tell().catch(() => undefined);
  }, PATIENCE_MS);
  try {
    return await end();
  } finally {
    clearTimeout(timer);
  }
}
