import type { KillReport } from '../../cgroup/kill.js';
import type { Limits } from '../../cgroup/limits.js';
import type { StopOptions } from '../../container/ending.js';
import type { ExecOptions } from '../../container/exec.js';
import { randomName } from '../../container/random-name.js';
import type { StopReport } from '../../container/stopping.js';
import { OptionError } from '../../errors/option-error.js';
import { RefusedError } from '../../errors/refused-error.js';
import { NotFoundError } from '../../errors/state-errors.js';
import type { UpdateOptions } from '../../spec/options.js';
import type { Attachment } from '../attachment.js';
import type { Caller, States } from '../caller/caller.js';
import type { ConfinedScope } from '../caller/scope.js';
import { mayRule } from '../cgroups/authority.js';
import type { SupervisedEvent } from '../events.js';
import type { SupervisedExec } from '../exec.js';
import type { SupervisedDetails, SupervisorFace } from '../face.js';
import type { LogLine, LogQuery } from '../logs/types.js';
import type { ProcessInfo } from '../processes.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from '../types.js';
import type { WatchOptions } from '../watch.js';
import { checkMayEnter } from './entering.js';
import { prepareConfined } from './entry.js';
import { checkConfinedName, idOf, isFrom, type Origin, type Starter } from './origin.js';
import { seeExec, seePid, seeProcesses } from './pids.js';
import { type Translation, translateDetails, translateError, translateEvent, translateInfo } from './words.js';

/** What of the supervisor the containers inside others go through: its own list of verbs, and from where each container came. */
export interface Realm extends SupervisorFace {
  create(
    options: SupervisedOptions,
    how?: { readonly start?: boolean; readonly lease?: AbortSignal; readonly starter?: Starter },
  ): ReturnType<SupervisorFace['create']>;
  events(options?: WatchOptions): AsyncIterable<SupervisedEvent>;
  /** Returns from where a container was asked for; `undefined` for those of the owner, and where there is none. */
  originOf(id: string): Origin | undefined;
  /** Lists the ids of all that were asked for from inside others. */
  origins(): readonly Translation[];
  /** Notes in whose namespaces the next run of a container is started. */
  setStarter(id: string, starter: Starter): void;
}

/** How many containers there may be below one outermost container, whether or not they run. */
const MOST = 200;

/**
 * The supervisor, as somebody in a container sees it: the containers that were started through the socket from below its own cgroup,
 * under the names that they were given there. Who calls, and what is its own, is looked at for each verb anew.
 */
export class ConfinedFace implements SupervisorFace {
  readonly #realm: Realm;
  readonly #caller: Pick<Caller, 'scope' | 'identity' | 'rights' | 'namespace'>;
  readonly #states: States;
  readonly #hidden: readonly string[];

  /**
   * @param states - of the supervisor's containers
   * @param hidden - directories of the supervisor's, of which nobody inside is told
   */
  constructor(
    realm: Realm,
    caller: Pick<Caller, 'scope' | 'identity' | 'rights' | 'namespace'>,
    states: States,
    hidden: readonly string[],
  ) {
    this.#realm = realm;
    this.#caller = caller;
    this.#states = states;
    this.#hidden = hidden;
  }

  async create(
    options: SupervisedOptions,
    how: { readonly start?: boolean; readonly lease?: AbortSignal } = {},
  ): Promise<SupervisedInfo & { readonly notes: readonly string[] }> {
    const scope = this.#scope();
    const name = checkConfinedName(options.container.name ?? randomName());
    this.#checkCount(scope);
    const { container, base, inode, requester } = scope;
    const origin: Origin = { name, container, base, inode, uid: requester.uid };
    const id = idOf(scope, name);
    const wanted = { ...options, container: { ...options.container, name: id }, origin };
    prepareConfined(wanted);
    const starter = this.#starter();
    const translation = { id, origin };
    const made = await this.#say([translation], () => this.#realm.create(wanted, { ...how, starter }));
    return { ...translateInfo(made, translation, seePid(made.pid, scope)), notes: made.notes };
  }

  lease(id: string, signal: AbortSignal): void | Promise<void> {
    const found = this.#mine(id, 'lease');
    return this.#realm.lease(found.id, signal);
  }

  async start(id: string): Promise<boolean> {
    return this.#starting(id, 'start', (found) => this.#realm.start(found));
  }

  stop(id: string, options: StopOptions = {}): Promise<StopReport> {
    return this.#act(id, 'stop', async (found) => ({ ...(await this.#realm.stop(found, options)), id }));
  }

  async restart(id: string, options: StopOptions = {}): Promise<SupervisedInfo> {
    await this.#starting(id, 'restart', (found) => this.#realm.restart(found, options));
    return this.get(id);
  }

  kill(id: string): Promise<KillReport> {
    return this.#act(id, 'kill', (found) => this.#realm.kill(found));
  }

  signal(id: string, signal: string | number, how: { readonly all?: boolean } = {}): Promise<void> {
    return this.#act(id, 'signal', (found) => this.#realm.signal(found, signal, how));
  }

  pause(id: string): Promise<boolean> {
    return this.#act(id, 'pause', (found) => this.#realm.pause(found));
  }

  resume(id: string): Promise<boolean> {
    return this.#act(id, 'resume', (found) => this.#realm.resume(found));
  }

  update(id: string, options: UpdateOptions): Promise<Limits> {
    return this.#act(id, 'update', (found) => this.#realm.update(found, options));
  }

  remove(id: string, options: { readonly force?: boolean } = {}): Promise<void> {
    return this.#act(id, 'remove', (found) => this.#realm.remove(found, options));
  }

  async list(): Promise<readonly SupervisedInfo[]> {
    const scope = this.#scope();
    const all = new Map(this.#realm.origins().map((one) => [one.id, one]));
    const infos = await this.#realm.list();
    return infos.flatMap((info) => {
      const found = all.get(info.id);
      if (found === undefined || !isFrom(scope, found.origin)) return [];
      return [translateInfo(info, found, seePid(info.pid, scope))];
    });
  }

  async get(id: string): Promise<SupervisedInfo> {
    const { scope, ...found } = this.#find(id);
    const info = await this.#say([found], () => this.#realm.get(found.id));
    return translateInfo(info, found, seePid(info.pid, scope));
  }

  async inspect(id: string): Promise<SupervisedDetails> {
    const { scope, ...found } = this.#mine(id, 'inspect');
    const details = await this.#say([found], () => this.#realm.inspect(found.id));
    return translateDetails(details, found, seePid(details.pid, scope));
  }

  async processes(id: string): Promise<readonly ProcessInfo[]> {
    const { scope, ...found } = this.#mine(id, 'list the processes of');
    return seeProcesses(await this.#say([found], () => this.#realm.processes(found.id)), scope);
  }

  wait(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<RunEnd> {
    const { scope: _, ...found } = this.#find(id);
    return this.#say([found], () => this.#realm.wait(found.id, options));
  }

  logs(id: string, query: LogQuery = {}): AsyncIterable<LogLine> {
    const { scope: _, ...found } = this.#mine(id, 'read the log of');
    return this.#sayAll([found], () => this.#realm.logs(found.id, query));
  }

  attach(id: string): Promise<Attachment> {
    return this.#act(id, 'attach to', (found) => this.#realm.attach(found));
  }

  exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<SupervisedExec> {
    for (const option of ['user', 'groups', 'capAdd', 'capDrop'] as const) {
      if (options[option] === undefined) continue;
      throw new OptionError(
        option,
        options[option],
        'given inside a container: an exec has the user and the rights of the container’s command',
      );
    }
    return this.#act(id, 'exec in', async (found) => {
      this.#checkMayEnter(found, `exec in ${JSON.stringify(id)}`);
      return seeExec(await this.#realm.exec(found, command, options), this.#scope());
    });
  }

  events({
    names,
    signal,
  }: { readonly names?: readonly string[]; readonly signal?: AbortSignal } = {}): AsyncIterable<SupervisedEvent> {
    const { base, inode } = this.#scope();
    const known = new Map<string, Origin>();
    const see = (event: SupervisedEvent): SupervisedEvent | undefined => {
      // Of one that was removed it is told after it has gone.
      const origin = this.#realm.originOf(event.id) ?? known.get(event.id);
      if (origin === undefined || !isFrom({ base, inode }, origin)) return undefined;
      if (event.type === 'removed') known.delete(event.id);
      else known.set(event.id, origin);
      return names?.includes(origin.name) === false ? undefined : translateEvent(event, { id: event.id, origin });
    };
    return this.#realm.events({ signal, see });
  }

  async #starting<T>(id: string, verb: string, run: (found: string) => Promise<T>): Promise<T> {
    const { scope, ...found } = this.#mine(id, verb);
    // Whoever starts it lends it its rights: it must not run somebody else's command by them.
    if (scope.requester.uid !== found.origin.uid)
      throw new RefusedError(`${verb} ${JSON.stringify(id)}`, 'EACCES', {
        hint: 'it would run as you, and another user has made it: make one of your own',
        id,
      });
    return this.#say([found], () => {
      this.#realm.setStarter(found.id, this.#starter());
      return run(found.id);
    });
  }

  #act<T>(id: string, verb: string, run: (found: string) => Promise<T>): Promise<T> {
    return this.#say([], async () => {
      const { scope: _, ...found } = this.#mine(id, verb);
      return this.#say([found], () => run(found.id));
    });
  }

  async #say<T>(translations: readonly Translation[], run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw this.#translate(error, translations);
    }
  }

  async *#sayAll<T>(translations: readonly Translation[], run: () => AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* run();
    } catch (error) {
      throw this.#translate(error, translations);
    }
  }

  #translate(error: unknown, translations: readonly Translation[]): Error {
    return translateError(error, translations, this.#hidden) as Error;
  }

  // One that does not run is left to those who say so.
  #checkMayEnter(id: string, action: string): void {
    const scope = this.#scope();
    const target = this.#states.read(id);
    const outermost = this.#states.read(scope.container);
    if (target !== undefined && outermost !== undefined)
      checkMayEnter({ caller: this.#caller, scope, target, outermost }, action);
  }

  #scope(): ConfinedScope {
    const scope = this.#caller.scope();
    if (scope.kind === 'confined') return scope;
    throw new RefusedError('answer caller', 'EPERM', { hint: 'it has left its container since it asked' });
  }

  #starter(): Starter {
    const { effective, permitted, bounding } = this.#caller.rights();
    return { process: this.#caller.identity(), capabilities: (effective & permitted & bounding).toString(16) };
  }

  #find(name: string): Translation & { readonly scope: ConfinedScope } {
    const scope = this.#scope();
    checkConfinedName(name, 'container');
    const id = idOf(scope, name);
    const origin = this.#realm.originOf(id);
    if (origin === undefined || !isFrom(scope, origin)) throw new NotFoundError(name);
    return { id, origin, scope };
  }

  #mine(name: string, verb: string): Translation & { readonly scope: ConfinedScope } {
    const found = this.#find(name);
    if (mayRule({ uid: found.origin.uid }, found.scope)) return found;
    throw new RefusedError(`${verb} ${JSON.stringify(name)}`, 'EACCES', { hint: 'another user has made it', id: name });
  }

  #checkCount({ container }: ConfinedScope): void {
    const count = this.#realm.origins().filter(({ origin }) => origin.container === container).length;
    if (count < MOST) return;
    throw new RefusedError('make container', 'EAGAIN', {
      hint: `there are ${String(count)} already, of at most ${String(MOST)}: remove those that have ended`,
    });
  }
}
