import type { Containers } from '../../container/containers.js';
import { listContainerProcesses } from '../../container/processes.js';
import { isContainerError } from '../../errors/container-error.js';
import { NotFoundError } from '../../errors/state-errors.js';
import type { SupervisorFace } from '../../supervisor/face.js';
import { formatDuration } from '../../util/duration.js';
import { now } from '../../util/now.js';
import { formatSize } from '../../util/size.js';
import { formatKill } from '../kill-report.js';
import { PROCESS_COLUMNS } from '../process-table.js';
import { formatTable } from '../table.js';
import type { VerbContext } from '../verb.js';
import { describeDetails } from '../verbs/events.js';
import { listSupervised, mergeTold } from './model/merge.js';
import type { Details } from './model/lines.js';
import type { Look, Seen } from './model/types.js';
import type { Action } from './model/view-state.js';
import type { TopSource } from './session.js';

/** What is asked of a supervisor, where there is one: its containers are acted on through it, so that they stay as told. */
export type TopSupervisor = Pick<SupervisorFace, 'list' | 'kill' | 'stop' | 'pause' | 'resume'>;

/** What is looked at. */
export interface SourceOptions {
  /** Which; all of them when there are none. Also paths of those in others: `outer/inner` */
  readonly names: readonly string[];
  readonly context: VerbContext;
  readonly supervisor: TopSupervisor | undefined;
}

interface Event {
  readonly id: string;
  readonly time: string;
  readonly text: string;
}

/** How many events are kept, of all containers together. */
const MAX_EVENTS = 500;

/** Containers of this user, as `corral top` looks at them. */
export class ContainerSource implements TopSource {
  readonly #containers: Containers;
  readonly #names: readonly string[];
  readonly #context: VerbContext;
  readonly #supervisor: TopSupervisor | undefined;
  readonly #events: Event[] = [];
  /** The names of the supervisor's, by their paths; as of the last look. */
  #supervised: ReadonlyMap<string, string> = new Map();

  constructor(containers: Containers, { names, context, supervisor }: SourceOptions) {
    this.#containers = containers;
    this.#names = names;
    this.#context = context;
    this.#supervisor = supervisor;
  }

  /** Checks that all that were named are there. @throws NotFoundError */
  async check(): Promise<void> {
    const { containers } = await this.look();
    const missing = this.#names.find((name) => !containers.some(({ path }) => path === name));
    if (missing !== undefined) throw new NotFoundError(missing);
  }

  async look(): Promise<Look> {
    const told = (await this.#supervisor?.list()) ?? [];
    const containers = mergeTold(this.#see(), told, this.#names);
    this.#supervised = listSupervised(containers);
    return { at: now(), time: Date.now(), containers };
  }

  isOver({ containers }: Look): boolean {
    return this.#names.length > 0 && containers.length === 0;
  }

  async details(path: string, width: number): Promise<Details | undefined> {
    const processes = orNone(() => listContainerProcesses(path, this.#context)) ?? [];
    const table = await formatTable(processes, PROCESS_COLUMNS, { width, paint: (_style, text) => text });
    return {
      limits: path.includes('/') ? [] : this.#limits(path),
      processes: table.split('\n').slice(0, -1),
      events: this.#events.filter(({ id }) => id === path),
    };
  }

  async act(action: Action, path: string): Promise<string> {
    const name = this.#supervised.get(path);
    const face = name === undefined ? this.#containers : (this.#supervisor ?? this.#containers);
    const id = name ?? path;
    const startedAt = now();
    switch (action) {
      case 'kill':
        return `${path}: ${formatKill(await face.kill(id))}`;
      case 'stop': {
        const { killed } = await face.stop(id);
        const time = formatDuration(Math.max(1, now() - startedAt));
        return `${path}: ${killed ? 'killed: it had not ended after' : 'ended in'} ${time}`;
      }
      case 'pause':
        return `${path}: ${(await face.pause(id)) ? 'paused' : 'was paused already'}`;
      case 'resume':
        return `${path}: ${(await face.resume(id)) ? 'resumed' : 'was not paused'}`;
    }
  }

  /** Keeps what becomes of containers from now on, for the details. Ends with the signal. */
  async watch(signal: AbortSignal): Promise<void> {
    const outer = [...new Set(this.#names.map((name) => name.split('/')[0] ?? ''))];
    const which = outer.length === 0 ? {} : { names: outer };
    for await (const event of this.#containers.events({ ...which, signal })) {
      const details = describeDetails(event);
      const text = `${event.type}${details === '' ? '' : `  ${details}`}`;
      this.#events.push({ id: event.id, time: event.time, text });
      if (this.#events.length > MAX_EVENTS) this.#events.shift();
    }
  }

  #see(): readonly Seen[] {
    if (this.#names.length === 0) return this.#containers.tree([], { brief: true });
    // Those that are named may end while they are watched.
    return this.#names.flatMap((name) => orNone(() => this.#containers.tree([name], { brief: true })) ?? []);
  }

  #limits(id: string): Details['limits'] {
    const limits = orNone(() => this.#containers.inspect(id))?.limits ?? {};
    return Object.entries(limits).map(([name, value]) => [name.replace(/Bytes$/, ''), formatLimit(name, value)]);
  }
}

function formatLimit(name: string, value: unknown): string {
  if (typeof value === 'number') return name.endsWith('Bytes') ? formatSize(value) : String(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function orNone<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotFoundError || (isContainerError(error) && error.code === 'ENOENT')) return undefined;
    throw error;
  }
}
