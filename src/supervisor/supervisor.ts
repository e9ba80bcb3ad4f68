import { Containers } from '../container/containers.js';
import type { ExecOptions, ExecProcess } from '../container/exec.js';
import type { StopOptions } from '../container/ending.js';
import { checkEnding } from '../container/ending.js';
import { randomName } from '../container/random-name.js';
import type { StopReport } from '../container/stopping.js';
import type { KillReport } from '../cgroup/kill.js';
import type { Limits } from '../cgroup/limits.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../errors/state-errors.js';
import type { UpdateOptions } from '../spec/options.js';
import { checkName } from '../spec/parse/name.js';
import type { Attachment } from './attachment.js';
import { describeSupervised, inspectSupervised } from './describe.js';
import { attempt, warnOf } from './attempt.js';
import { killSupervised, stopSupervised, waitForSupervised } from './life/end-requests.js';
import type { SupervisedEvent } from './events.js';
import type { Realm } from './confined/face.js';
import { listLost, listOrigins } from './confined/list.js';
import type { Origin, Starter } from './confined/origin.js';
import type { Translation } from './confined/words.js';
import type { SupervisedDetails } from './face.js';
import { Leases } from './leases.js';
import { labelsOfRecord, newRecord } from './record/record.js';
import { readRunLog } from './run/run-log.js';
import type { LogLine, LogQuery } from './logs/types.js';
import { type ProcessInfo, readProcesses } from './processes.js';
import { Records } from './record/records.js';
import type { Runner } from './run/runner.js';
import { Supervised } from './life/supervised.js';
import type { Told } from './life/supervised-context.js';
import { EventHub, type WatchOptions } from './watch.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from './types.js';

/** What a supervisor works with. */
export interface SupervisorParts {
  readonly containers: Containers;
  readonly records: Records;
  readonly runner: Runner;
}

/** So many containers are described in one go. */
const LIST_SLICE = 25;

/** Keeps containers running: all that is asked of it, and all that becomes of them. One process of a user's has one. */
export class Supervisor implements Realm {
  readonly #parts: SupervisorParts;
  readonly #all = new Map<string, Supervised>();
  readonly #events: EventHub;
  readonly #leases: Leases;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#events = new EventHub(parts.containers);
    this.#leases = new Leases((id) => {
      this.#all
        .get(id)
        ?.end({ how: 'kill' })
        .catch(() => undefined);
    });
  }

  /** Goes on with what a supervisor that has died has left. @returns once all of it is known */
  async recover(): Promise<void> {
    const { records } = this.#parts;
    records.makeDirectory();
    const found = records.names().flatMap((name) => this.#load(name) ?? []);
    await Promise.all(found.map((one) => one.recover().catch(warnOf(one.id))));
    for (const { id, record, isIdle } of found) {
      if (record.options.supervision.leased === true && !isIdle) this.#leases.expect(id);
    }
  }

  #load(name: string): Supervised | undefined {
    const { records } = this.#parts;
    try {
      const file = records.load(name);
      if (file !== undefined) return this.#add(new Supervised(file, this.#context()));
      // Whoever began it had died before there was anything to start.
      records.remove(name);
    } catch (error) {
      warnOf(name)(error);
    }
    return undefined;
  }

  /** How many containers there are, whether or not they run. */
  get size(): number {
    return this.#all.size;
  }

  /** Nothing runs, and nothing will without somebody asking. */
  get isIdle(): boolean {
    return [...this.#all.values()].every((one) => one.isIdle);
  }

  /** Lets go of all, as this process is about to end: what its clients held goes on until they have come to the next one. */
  leave(): void {
    this.#leases.leave();
    this.#parts.runner.leave();
  }

  async create(
    options: SupervisedOptions,
    { start = true, lease, starter }: NonNullable<Parameters<Realm['create']>[1]> = {},
  ): Promise<SupervisedInfo & { readonly notes: readonly string[] }> {
    lease?.throwIfAborted();
    const id = options.container.name ?? randomName();
    checkName(id);
    this.#parts.runner.check(id, options);
    if (this.#parts.containers.has(id)) throw new AlreadyExistsError(id, { hint: 'choose another name' });
    const desired = start ? 'up' : 'down';
    const record = {
      ...newRecord(id, options, { createdAt: new Date().toISOString(), desired, bootId: this.#parts.runner.bootId }),
      ...(starter === undefined ? {} : { starter }),
    };
    const one = this.#add(new Supervised(this.#parts.records.create(record), this.#context()));
    try {
      if (start) await one.start();
    } catch (error) {
      await one.remove();
      throw error;
    }
    if (lease !== undefined) this.#leases.hold(id, lease);
    return { ...describeSupervised(one), notes: one.run?.notes ?? [] };
  }

  /** Keeps a container alive for as long as its maker is connected. */
  lease(id: string, signal: AbortSignal): void {
    this.#leases.hold(this.#get(id).id, signal);
  }

  async start(id: string): Promise<boolean> {
    return this.#get(id).start();
  }

  async stop(id: string, options: StopOptions = {}): Promise<StopReport> {
    return stopSupervised(this.#get(id), options);
  }

  async restart(id: string, options: StopOptions = {}): Promise<SupervisedInfo> {
    checkEnding(options);
    const one = this.#get(id);
    await one.restart(options);
    return describeSupervised(one);
  }

  async kill(id: string): Promise<KillReport> {
    return killSupervised(this.#get(id));
  }

  async signal(id: string, signal: string | number, { all = false } = {}): Promise<void> {
    const container = this.#get(id).container('signal');
    if (all) await container.signalAll(signal);
    else container.signal(signal);
  }

  async pause(id: string): Promise<boolean> {
    const one = this.#get(id);
    one.container('pause');
    const changes = (await one.run?.brake.on()) === true;
    if (changes) one.note({ paused: true });
    return changes;
  }

  async resume(id: string): Promise<boolean> {
    const one = this.#get(id);
    one.container('resume');
    const changes = (await one.run?.brake.off()) === true;
    if (changes) one.note({ paused: false });
    return changes;
  }

  async update(id: string, options: UpdateOptions): Promise<Limits> {
    const one = this.#get(id);
    const limits = await one.container('update').update(options);
    one.note({ update: options });
    return limits;
  }

  async remove(id: string, { force = false } = {}): Promise<void> {
    const one = this.#get(id);
    if (!force && !one.isIdle && one.state !== 'removing') {
      throw new StateError('remove', id, one.state, { hint: `stop it first, or kill it: corral rm --force ${id}` });
    }
    await one.remove();
  }

  originOf(id: string): Origin | undefined {
    return this.#all.get(id)?.record.options.origin;
  }

  origins(): readonly Translation[] {
    return listOrigins(this.#all.values());
  }

  /** Forgets those that had come from containers that are gone: nobody is left who could ask for them. */
  sweep(): void {
    for (const one of listLost(this.#all.values())) one.remove().catch(warnOf(one.id));
  }

  setStarter(id: string, starter: Starter): void {
    this.#get(id).note({ starter });
  }

  async list(): Promise<readonly SupervisedInfo[]> {
    const sorted = [...this.#all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const infos: SupervisedInfo[] = [];
    for (const one of sorted) {
      // What each uses is read from the kernel, a dozen files. Of many that takes a while, in which others are to be heard, too.
      if (infos.length % LIST_SLICE === LIST_SLICE - 1) await new Promise(setImmediate);
      if (this.#all.get(one.id) === one) infos.push(describeSupervised(one));
    }
    return infos;
  }

  get(id: string): Promise<SupervisedInfo> {
    return attempt(() => describeSupervised(this.#get(id)));
  }

  inspect(id: string): Promise<SupervisedDetails> {
    return attempt(() => inspectSupervised(this.#get(id), this.#parts));
  }

  processes(id: string): Promise<readonly ProcessInfo[]> {
    return attempt(() => readProcesses(this.#get(id).run?.container.listPids() ?? []));
  }

  async wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RunEnd> {
    return waitForSupervised(this.#get(id), signal);
  }

  logs(id: string, query: LogQuery = {}): AsyncIterable<LogLine> {
    return readRunLog(this.#get(id), this.#parts.records.path(id), query);
  }

  attach(id: string): Promise<Attachment> {
    return attempt(() => {
      const { run, state } = this.#get(id);
      if (run === undefined) throw new StateError('attach to', id, state);
      return run.attach();
    });
  }

  async exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<ExecProcess> {
    return this.#get(id).container('exec in').exec(command, options);
  }

  events(options: WatchOptions = {}): AsyncIterable<SupervisedEvent> {
    return this.#events.watch(options);
  }

  #get(id: string): Supervised {
    checkName(id, 'container');
    const one = this.#all.get(id);
    if (one === undefined) throw new NotFoundError(id);
    return one;
  }

  #add(one: Supervised): Supervised {
    this.#all.set(one.id, one);
    return one;
  }

  #context(): ConstructorParameters<typeof Supervised>[1] {
    return {
      runner: this.#parts.runner,
      random: Math.random,
      tell: (id, details) => {
        this.#tell(id, details);
      },
      forget: (id) => {
        // Before nothing tells the next one any more that there was something.
        if (this.#all.size === 1) this.#parts.runner.leave();
        this.#parts.records.remove(id);
        this.#leases.forget(id);
        this.#all.delete(id);
      },
    };
  }

  #tell(id: string, details: Told): void {
    const one = this.#all.get(id);
    const labels = one === undefined ? {} : labelsOfRecord(one.record);
    this.#events.tell({ time: new Date().toISOString(), id, labels, ...details });
  }
}
