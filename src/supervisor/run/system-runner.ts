import { setTimeout as delay } from 'node:timers/promises';
import { killCgroup } from '../../cgroup/kill.js';
import { removeParent } from '../../cgroup/parent.js';
import { hasCgroup, refFromPlan } from '../../cgroup/ref.js';
import type { CgroupRef } from '../../cgroup/types.js';
import { type Adoption, adoptContainer } from '../../container/adopt.js';
import type { Container } from '../../container/container.js';
import { readBootId } from '../../container/identity.js';
import { removeParents } from '../../container/leaving.js';
import { prepare } from '../../container/prepare.js';
import type { Store } from '../../container/store.js';
import type { CallerSurroundings } from '../../container/surroundings.js';
import { spawnSupervised } from '../../container/supervised.js';
import { AlreadyExistsError } from '../../errors/state-errors.js';
import { DEFAULT_PATH } from '../../spec/defaults.js';
import { now } from '../../util/now.js';
import { openEntry, prepareConfined } from '../confined/entry.js';
import { RunOutput } from './run-output.js';
import { type ContainerRecord, isOpen } from '../record/record.js';
import type { Records } from '../record/records.js';
import type { Found, NoteEnd, Run, RunResult, Runner } from './runner.js';
import type { SupervisedOptions } from '../types.js';

/** How long a dying supervisor may take to let go of all that it had. */
const LOCKS_MS = 3000;

/** Runs containers on this machine. */
export class SystemRunner implements Runner {
  readonly #store: Store;
  readonly #records: Records;
  /** One container for each parent of cgroups in which a supervisor that has died may have been the last. */
  readonly #cleared = new Map<string, ContainerRecord>();

  constructor({ store, records }: { readonly store: Store; readonly records: Records }) {
    this.#store = store;
    this.#records = records;
  }

  get bootId(): string {
    return readBootId();
  }

  check(id: string, options: SupervisedOptions): void {
    if (options.origin !== undefined) {
      prepareConfined(options);
      return;
    }
    const container = { ...options.container, name: id, dieWithParent: false };
    prepare(options.command, container, { stateDir: this.#store.directory, around: aroundOf(options) });
  }

  async launch(record: ContainerRecord, onEnd: NoteEnd): Promise<Run> {
    const { id, run, options } = record;
    using entry = options.origin === undefined ? undefined : openEntry(record, this.#store);
    const output = new RunOutput(this.#records.path(id), record);
    try {
      const started = await spawnSupervised(options.command, {
        ...options.container,
        ...(entry === undefined ? {} : { isolation: 'cgroup' }),
        name: id,
        run,
        stateDir: this.#store.directory,
        around: aroundOf(options),
        ...(options.supervision.interactive === true && !hasTerminal(options) ? { stdin: 'keep' } : {}),
        ...(output.isKept ? { output: 'keep' } : {}),
        chooseOutput: (owner) => output.open(owner),
        onEnd,
        ...(entry && { adjust: entry.adjust, fds: entry.fds }),
      });
      return follow(started, output);
    } catch (error) {
      await output.finish();
      throw error;
    }
  }

  async find(record: ContainerRecord, onEnd: NoteEnd): Promise<Found> {
    const found = await this.#adopt(record.id, onEnd);
    if (found.outcome === 'owned') {
      throw new AlreadyExistsError(record.id, { hint: 'somebody else runs a container of that name' });
    }
    const lost = found.outcome === 'absent' && isOpen(record) ? await this.#killLost(record) : undefined;
    const output = new RunOutput(this.#records.path(record.id), record);
    if (found.outcome !== 'adopted') {
      this.#cleared.set(parentOf(record), record);
      await output.finish();
      return lost ?? { kind: 'nothing' };
    }
    const run = follow(found.container, output);
    return found.alive ? { kind: 'run', run } : { kind: 'ended', result: await run.ended };
  }

  // A process that ends gives up its locks one by one, and the supervisor's may be the first of them.
  async #adopt(id: string, onEnd: NoteEnd): Promise<Adoption> {
    const deadline = now() + LOCKS_MS;
    for (;;) {
      const found = await adoptContainer(this.#store, id, { onEnd });
      if (found.outcome !== 'owned' || now() > deadline) return found;
      await delay(10);
    }
  }

  // Whoever has removed its state has not ended it: nobody could ever tell how it does.
  async #killLost(record: ContainerRecord): Promise<Found | undefined> {
    const cgroup = this.#planCgroup(record);
    if (record.bootId !== this.bootId || !hasCgroup(cgroup)) return undefined;
    const { processes } = await killCgroup(cgroup);
    return processes > 0 ? { kind: 'ended', result: { exitCode: null, signal: 'SIGKILL' } } : undefined;
  }

  leave(): void {
    removeParents();
    for (const record of this.#cleared.values()) {
      try {
        removeParent(this.#planCgroup(record));
      } catch {
        // It cannot be thought through here any more: something that it is made of is gone.
      }
    }
    this.#cleared.clear();
  }

  #planCgroup({ id, options }: ContainerRecord): CgroupRef {
    const container = { ...options.container, name: id, dieWithParent: false };
    const { placement } = prepare(options.command, container, {
      stateDir: this.#store.directory,
      around: aroundOf(options),
    });
    return refFromPlan(placement.cgroup, id);
  }

  wasKilled(id: string): boolean {
    return this.#store.read(id)?.killed === true;
  }
}

function parentOf({ options: { container } }: ContainerRecord): string {
  return JSON.stringify([container.cgroupParent, container.cgroupDriver]);
}

function aroundOf({ callerDirectory = '/', callerEnv = {} }: SupervisedOptions): CallerSurroundings {
  return { cwd: callerDirectory, env: { PATH: DEFAULT_PATH, ...callerEnv } };
}

function hasTerminal({ container: { terminal } }: SupervisedOptions): boolean {
  return terminal !== undefined && terminal !== false;
}

function follow(container: Container, output: RunOutput): Run {
  const brake = output.connect(container);
  const end = async (): Promise<RunResult> => {
    try {
      return await container.exited;
    } finally {
      await output.finish();
    }
  };
  const ended = end();
  ended.catch(() => undefined);
  return { container, brake, notes: container.notes, ended, attach: () => output.attach(container) };
}
