import type { Container } from '../../container/container.js';
import type { StopOptions } from '../../container/ending.js';
import { isContainerError } from '../../errors/container-error.js';
import { StateError } from '../../errors/state-errors.js';
import { Timer } from '../../util/timer.js';
import { isStarterGone } from '../confined/starter.js';
import { type LifeAction, type LifeEvent, type LifeState, type Request, transition } from './life-cycle.js';
import { type ContainerRecord, type Ending, type RecordChange, endingOf, isOpen } from '../record/record.js';
import type { RecordFile } from '../record/record-file.js';
import { interruptedEvent, isOfEarlierBoot, nextStep, takeBack, wantsAnother } from './recovery.js';
import { backOff } from './restart-policy.js';
import { noteEnd } from './run-end.js';
import { RunWatch } from './run-watch.js';
import type { Run, RunResult } from '../run/runner.js';
import type { SupervisedContext } from './supervised-context.js';
import type { Health } from '../types.js';
import { Waiters } from './waiters.js';

/** One container of the supervisor's, through all its runs. What becomes of it is written down before it is done. */
export class Supervised {
  readonly id: string;
  readonly #file: RecordFile;
  readonly #context: SupervisedContext;
  readonly #waiters = new Waiters();
  readonly #backOff = new Timer();
  #state: LifeState;
  #run: Run | undefined;
  #watch: RunWatch | undefined;
  /** Why the last launch has failed. */
  #failure: unknown;
  /** Somebody has asked for the launch that is under way. */
  #isAsked = false;
  #isForgotten = false;

  constructor(file: RecordFile, context: SupervisedContext) {
    this.#file = file;
    this.#context = context;
    this.id = file.record.id;
    this.#state = file.record.run === 0 ? 'created' : 'exited';
  }

  get record(): ContainerRecord {
    return this.#file.record;
  }

  get state(): LifeState {
    return this.#state;
  }

  get health(): Health | undefined {
    return this.#watch?.health;
  }

  /** The run that is under way, once it has started. */
  get run(): Run | undefined {
    return this.#run;
  }

  /** Nothing of it runs, and nothing of it will without somebody asking. */
  get isIdle(): boolean {
    return this.#isForgotten || this.#state === 'created' || this.#state === 'exited';
  }

  /** Returns the container of the run that is under way. @param action - what cannot be done otherwise @throws StateError */
  container(action: string): Container {
    if (this.#run === undefined) throw new StateError(action, this.id, this.#state);
    return this.#run.container;
  }

  /** Starts it. @returns `false` when it runs already @throws what the launch throws, StateError */
  async start(): Promise<boolean> {
    if (this.#state === 'running') return false;
    this.#ask('start', { desired: 'up', nextStart: new Date().toISOString() });
    await this.#untilStarted();
    return true;
  }

  /** Stops it where it runs, and starts it. @throws what the launch throws, StateError */
  async restart(options: StopOptions = {}): Promise<void> {
    const isRunning = this.#state === 'running';
    this.#ask('restart', {
      desired: 'up',
      ...(isRunning ? { ending: { ...options, how: 'stop', restart: true } } : { nextStart: new Date().toISOString() }),
    });
    await this.#untilStarted();
  }

  /** Asks it to end, or kills it, and has it stay ended. @returns once nothing of it is left @throws StateError */
  async end(ending: Ending): Promise<void> {
    this.#ask('stop', { desired: 'down', ...(this.isIdle ? {} : { ending }) });
    await this.until(() => this.isIdle);
  }

  /** Forgets it, and kills it where it runs. @returns once nothing of it is left */
  async remove(): Promise<void> {
    this.#ask('remove', { desired: 'down', removing: true, ending: { how: 'kill' } });
    await this.until(() => this.#isForgotten);
  }

  /** Waits for something, which is looked at whenever its state has changed. @throws the reason of the signal */
  until(isSo: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.#waiters.until(isSo, signal);
  }

  /** Notes something that its next runs are to know. */
  note(change: Pick<RecordChange, 'update' | 'paused' | 'starter'>): void {
    this.#file.add(change);
  }

  /** Goes on where a supervisor that has died has left it. */
  async recover(): Promise<void> {
    // Also of a run whose end is noted: what was left of it may not have been cleared away yet.
    const found = await this.#context.runner.find(this.record, (result, endedAt) => {
      if (isOpen(this.record)) this.#noteEnd(result, { endedAt });
    });
    if (found.kind === 'run') {
      this.#adopt(found.run);
      return;
    }
    if (found.kind === 'ended' && isOpen(this.record)) this.#noteEnd(found.result);
    this.#resume();
  }

  #adopt(run: Run): void {
    this.#state = 'running';
    this.#hold(run);
    this.#context.tell(this.id, { type: 'adopted' });
    const event = interruptedEvent(this.record);
    if (event !== undefined) this.#happen(event);
  }

  #resume(): void {
    const { bootId } = this.#context.runner;
    const next = nextStep(this.record, { bootId, now: Date.now() });
    if (isOfEarlierBoot(this.record, { bootId })) {
      // The line of its start was not on the disk yet: it had been made a moment before.
      if (this.record.run === 0) this.#file.add({ run: 1, startedAt: this.record.createdAt });
      if (isOpen(this.record)) this.#noteEnd({}, { error: 'the machine went down' });
    } else if (isOpen(this.record)) this.#file.add(takeBack(this.record, next));
    this.#state = this.record.run === 0 ? 'created' : 'exited';
    if (next.kind === 'remove') this.#happen('remove');
    else if (next.kind === 'start') this.#happen('start');
    else if (next.kind === 'wait') this.#arm(next.ms);
    else if (this.record.run > 0) this.#forgetIfAsked();
  }

  #ask(event: Request, change: RecordChange): void {
    if (transition(this.#state, event) === undefined) throw new StateError(event, this.id, this.#state);
    if (event === 'start' || event === 'restart') {
      this.#isAsked = true;
      this.#failure = undefined;
    }
    this.#file.add(change);
    this.#happen(event);
  }

  async #untilStarted(): Promise<void> {
    await this.until(() => this.#state === 'running' || this.isIdle || this.#state === 'waiting');
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  #happen(event: LifeEvent): void {
    const found = transition(this.#state, event);
    if (found === undefined) return;
    this.#state = found.next;
    for (const action of found.actions) this.#act(action);
    this.#waiters.look();
  }

  #act(action: LifeAction): void {
    if (action === 'launch') void this.#launch();
    else if (action === 'end') this.#end();
    else if (action === 'arm') this.#arm();
    else if (action === 'disarm') this.#disarm();
    else this.#forget();
  }

  async #launch(): Promise<void> {
    const isAsked = this.#isAsked;
    this.#isAsked = false;
    const { bootId } = this.#context.runner;
    const startedAt = new Date().toISOString();
    const begun = { run: this.record.run + 1, startedAt, bootId, nextStart: null, ending: null, health: null } as const;
    try {
      this.#file.add({ ...begun, ...(isAsked ? { restarts: 0, allRestarts: 0 } : {}) });
      const run = await this.#context.runner.launch(this.record, (result, endedAt) => {
        this.#noteEnd(result, { endedAt });
      });
      this.#failure = undefined;
      this.#hold(run);
      this.#happen('started');
    } catch (error) {
      this.#failure = error;
      if (isOpen(this.record)) this.#noteEnd({}, { error: messageOf(error) });
      if (isAsked || isStarterGone(error)) this.#file.add({ desired: 'down' });
      this.#settle('failed');
    }
  }

  #hold(run: Run): void {
    this.#run = run;
    this.#watch = new RunWatch(run, this.record, {
      onExpired: () => {
        this.#expire();
      },
      onHealth: (health) => {
        this.#onHealth(health);
      },
    });
    run.ended.then(
      (result) => {
        this.#finish(result);
      },
      (error: unknown) => {
        this.#finish({}, messageOf(error));
      },
    );
  }

  #finish(result: RunResult, error?: string): void {
    this.#run = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    if (isOpen(this.record)) this.#noteEnd(result, { error });
    this.#settle('ended');
  }

  /** A run, or a start, is over. */
  #settle(event: 'ended' | 'failed'): void {
    this.#happen(wantsAnother(this.record) ? 'again' : event);
    if (this.#state === 'exited') this.#forgetIfAsked();
  }

  #forgetIfAsked(): void {
    if (this.record.options.supervision.autoRemove === true) this.#ask('remove', { removing: true });
  }

  #noteEnd(
    result: RunResult,
    { error, endedAt = new Date() }: { readonly error?: string | undefined; readonly endedAt?: Date | undefined } = {},
  ): void {
    const killed = error === undefined && this.#context.runner.wasKilled(this.id);
    this.#file.add(noteEnd(this.record, result, { now: endedAt.getTime(), error, killed }));
  }

  #arm(knownMs?: number): void {
    this.#state = 'waiting';
    const { restarts, allRestarts } = this.record;
    const ms = knownMs ?? backOff(restarts, this.#context.random());
    if (knownMs === undefined) {
      const nextStart = new Date(Date.now() + ms).toISOString();
      this.#file.add({ restarts: restarts + 1, allRestarts: allRestarts + 1, nextStart });
      this.#context.tell(this.id, { type: 'restarting', restarts: restarts + 1, nextStart });
    }
    this.#backOff.set(ms, () => {
      this.#happen('due');
    });
  }

  #disarm(): void {
    this.#backOff.clear();
    this.#file.add({ nextStart: null });
  }

  #forget(): void {
    this.#isForgotten = true;
    this.#context.forget(this.id);
    this.#context.tell(this.id, { type: 'removed' });
  }

  #expire(): void {
    const { stopSignal, gracePeriod } = this.record.options.supervision;
    const isGentle = stopSignal !== undefined || gracePeriod !== undefined;
    this.#file.add({ ending: { how: isGentle ? 'stop' : 'kill', timedOut: true } });
    this.#happen('expired');
  }

  #onHealth(health: Health): void {
    const onFailure = this.record.options.supervision.health?.onFailure ?? 'none';
    const ends = health === 'unhealthy' && onFailure !== 'none';
    const restart = onFailure === 'restart';
    // In one line: what is known of it, and what is done about it.
    this.#file.add({ health, ...(ends ? { ending: { how: restart ? 'stop' : 'kill', restart } } : {}) });
    this.#context.tell(this.id, { type: 'health', health });
    if (ends) this.#happen(restart ? 'restart' : 'expired');
  }

  #end(): void {
    const { how, options } = endingOf(this.record);
    const container = this.#run?.container;
    const ended: Promise<unknown> | undefined = how === 'kill' ? container?.kill() : container?.stop(options);
    // Where something survives, the end of the run says so.
    ended?.catch(() => undefined);
  }
}

function messageOf(error: unknown): string {
  if (isContainerError(error) && error.hint !== undefined) return `${error.message}: ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
