import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { Container } from '../../src/container/container.js';
import { Brake } from '../../src/supervisor/run/brake.js';
import { type ContainerRecord, newRecord } from '../../src/supervisor/record/record.js';
import { RecordFile } from '../../src/supervisor/record/record-file.js';
import type { Found, Run, RunResult, Runner } from '../../src/supervisor/run/runner.js';
import { Supervised } from '../../src/supervisor/life/supervised.js';
import type { Told } from '../../src/supervisor/life/supervised-context.js';
import type { Supervision } from '../../src/supervisor/types.js';

/** A run that goes on whether or not there is a supervisor. */
interface FakeRun {
  readonly run: number;
  result: RunResult | undefined;
  stops: number;
  kills: number;
  /** Told by the supervisor that has it. */
  onEnd: ((result: RunResult) => void) | undefined;
  settle: ((result: RunResult) => void) | undefined;
}

/** A machine on which one container runs. */
export class Machine implements Runner {
  bootId = 'boot-1';
  live: FakeRun | undefined;
  launches = 0;
  failNext = false;
  /** The supervisor has been killed: nothing of what it still does here is done. */
  isDead = false;
  /** What a stop comes to; absent: it is ignored. */
  stopsWith: RunResult | undefined = { exitCode: 143, signal: null };

  check(): void {
    // Everything can be started here.
  }

  leave(): void {
    // There is nothing that could be left.
  }

  launch(record: ContainerRecord, onEnd: (result: RunResult) => void): Promise<Run> {
    if (this.isDead) return new Promise(() => undefined);
    if (this.failNext) {
      this.failNext = false;
      return Promise.reject(new Error('exec /x: ENOENT'));
    }
    expect(this.live).toBeUndefined();
    this.launches += 1;
    this.live = { run: record.run, result: undefined, stops: 0, kills: 0, onEnd: undefined, settle: undefined };
    return Promise.resolve(this.#hold(this.live, onEnd));
  }

  find(record: ContainerRecord, onEnd: (result: RunResult) => void): Promise<Found> {
    const { live } = this;
    if (live === undefined) return Promise.resolve({ kind: 'nothing' });
    expect(live.run).toBe(record.run);
    if (live.result === undefined) return Promise.resolve({ kind: 'run', run: this.#hold(live, onEnd) });
    onEnd(live.result);
    this.live = undefined;
    return Promise.resolve({ kind: 'ended', result: live.result });
  }

  wasKilled(): boolean {
    return false;
  }

  /** The run ends by itself. */
  end(result: RunResult): void {
    const { live } = this;
    if (live === undefined) return;
    live.result = result;
    const { onEnd, settle } = live;
    if (onEnd === undefined || settle === undefined) return;
    onEnd(result);
    if (this.isDead) return;
    this.live = undefined;
    settle(result);
  }

  /** The supervisor is gone: nobody is told any more. */
  orphan(): void {
    this.isDead = false;
    if (this.live === undefined) return;
    this.live.onEnd = undefined;
    this.live.settle = undefined;
  }

  #hold(live: FakeRun, onEnd: (result: RunResult) => void): Run {
    const ended = new Promise<RunResult>((resolve) => {
      live.onEnd = onEnd;
      live.settle = resolve;
    });
    const container = {
      kill: () => {
        live.kills += 1;
        if (!this.isDead) this.end({ exitCode: null, signal: 'SIGKILL' });
        return Promise.resolve();
      },
      stop: () => {
        live.stops += 1;
        if (this.stopsWith !== undefined && !this.isDead) this.end(this.stopsWith);
        return Promise.resolve();
      },
    } as unknown as Container;
    return {
      container,
      brake: new Brake(container),
      notes: [],
      ended,
      attach: () => {
        throw new Error('nothing to attach to');
      },
    };
  }
}

/** A container, its record on disk, and the supervisors that have it one after the other; the clock is a fake one. */
export class Bench {
  machine = new Machine();
  readonly told: Told[] = [];
  isForgotten = false;
  readonly #directory = mkdtempSync(join(tmpdir(), 'corral-unit-'));

  get path(): string {
    return join(this.#directory, 'record');
  }

  make(supervision: Partial<Supervision> = {}, desired: 'up' | 'down' = 'down'): Supervised {
    const full: Supervision = { restart: { name: 'no' }, log: { driver: 'raw' }, ...supervision };
    const options = { command: ['true'], container: {}, supervision: full };
    rmSync(this.path, { force: true });
    return this.#supervise(
      RecordFile.create(this.path, newRecord('web', options, { createdAt: new Date().toISOString(), desired })),
    );
  }

  /** Another supervisor, after the death of the first. */
  async again(): Promise<Supervised> {
    this.machine.orphan();
    const file = RecordFile.load(this.path);
    if (file === undefined) throw new Error('no record is left');
    const next = this.#supervise(file);
    await next.recover();
    await settled();
    return next;
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #supervise(file: RecordFile): Supervised {
    return new Supervised(file, {
      runner: this.machine,
      random: () => 0.5,
      tell: (_id, details) => void this.told.push(details),
      forget: () => {
        this.isForgotten = true;
        rmSync(this.path, { force: true });
      },
    });
  }
}

/** Lets everything happen that is due now. */
export const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
