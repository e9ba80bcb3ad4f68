import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { KillReport } from '../../src/cgroup/kill.js';
import type { Limits } from '../../src/cgroup/limits.js';
import type { StopOptions } from '../../src/container/ending.js';
import type { ExecOptions } from '../../src/container/exec.js';
import type { StopReport } from '../../src/container/stopping.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../../src/errors/state-errors.js';
import type { TerminalSize, UpdateOptions } from '../../src/spec/options.js';
import { checkName } from '../../src/spec/parse/name.js';
import type { CreatedContainer } from '../../src/supervisor/api/answers.js';
import type { Attachment } from '../../src/supervisor/attachment.js';
import type { SupervisedEvent } from '../../src/supervisor/events.js';
import type { SupervisedExec } from '../../src/supervisor/exec.js';
import type { SupervisedDetails, SupervisorFace } from '../../src/supervisor/face.js';
import type { LogLine, LogQuery } from '../../src/supervisor/logs/types.js';
import type { ProcessInfo } from '../../src/supervisor/processes.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from '../../src/supervisor/types.js';

interface FakeContainer {
  info: SupervisedInfo;
  readonly options: SupervisedOptions;
  readonly log: LogLine[];
  readonly ended: Promise<RunEnd>;
  readonly end: (end: Partial<RunEnd>) => void;
}

/** A supervisor without containers: it notes what it is asked, and its execs are plain processes of this host. */
export class FakeSupervisor implements SupervisorFace {
  readonly calls: (readonly [verb: string, ...args: unknown[]])[] = [];
  readonly containers = new Map<string, FakeContainer>();
  readonly news = new EventEmitter();
  readonly execs: ChildProcess[] = [];
  readonly sizes: TerminalSize[] = [];
  readonly attached = { typed: new PassThrough(), shown: new PassThrough(), disposed: 0 };

  async create(
    options: SupervisedOptions,
    { start = true, lease }: { readonly start?: boolean; readonly lease?: AbortSignal } = {},
  ): Promise<CreatedContainer> {
    this.calls.push(['create', options, { start, lease: lease !== undefined }]);
    const id = checkName(options.container.name ?? `c${String(this.containers.size)}`);
    if (this.containers.has(id)) throw new AlreadyExistsError(id, { hint: 'choose another name' });
    const { promise, resolve } = withResolvers<RunEnd>();
    const info = describe(id, options, start);
    const end = (how: Partial<RunEnd>): void => {
      const runEnd = { run: 1, startedAt: info.createdAt, endedAt: info.createdAt, exitCode: 0, signal: null, ...how };
      const one = this.#get(id);
      const { stats: _, ...rest } = one.info;
      one.info = { ...rest, status: 'exited', processes: 0, lastEnd: runEnd };
      resolve(runEnd);
    };
    this.containers.set(id, { info, options, log: [], ended: promise, end });
    lease?.addEventListener('abort', () => end({ exitCode: null, signal: 'SIGKILL' }));
    this.tell({ type: 'created', id, time: info.createdAt, labels: info.labels, command: options.command });
    return Promise.resolve({ ...info, notes: ['a note'] });
  }

  lease(id: string, signal: AbortSignal): void {
    const one = this.#get(id);
    this.calls.push(['lease', id]);
    signal.addEventListener('abort', () => one.end({ exitCode: null, signal: 'SIGKILL' }));
  }

  tell(event: SupervisedEvent): void {
    this.news.emit('event', event);
  }

  async start(id: string): Promise<boolean> {
    const one = this.#get(id);
    const was = one.info.status;
    one.info = { ...one.info, status: 'running' };
    return Promise.resolve(was !== 'running');
  }

  async stop(id: string, options: StopOptions = {}): Promise<StopReport> {
    const one = this.#get(id);
    this.calls.push(['stop', id, options]);
    one.end({ exitCode: 143 });
    return Promise.resolve({ id, exitCode: 143, signal: null, signalled: 1, killed: false });
  }

  async restart(id: string, options: StopOptions = {}): Promise<SupervisedInfo> {
    this.calls.push(['restart', id, options]);
    return this.get(id);
  }

  async kill(id: string): Promise<KillReport> {
    const one = this.#get(id);
    if (one.info.status === 'exited') throw new StateError('kill', id, 'exited');
    one.end({ exitCode: null, signal: 'SIGKILL' });
    return Promise.resolve({ processes: 1, durationMs: 0.5, rung: 'cgroup.kill', gone: true });
  }

  async signal(id: string, signal: string | number, how: { readonly all?: boolean } = {}): Promise<void> {
    this.#get(id);
    this.calls.push(['signal', id, signal, how]);
    return Promise.resolve();
  }

  async pause(id: string): Promise<boolean> {
    const one = this.#get(id);
    one.info = { ...one.info, status: 'paused' };
    return Promise.resolve(true);
  }

  async resume(id: string): Promise<boolean> {
    const one = this.#get(id);
    one.info = { ...one.info, status: 'running' };
    return Promise.resolve(true);
  }

  async update(id: string, options: UpdateOptions): Promise<Limits> {
    this.#get(id);
    this.calls.push(['update', id, options]);
    return Promise.resolve({ memoryMaxBytes: 1024 });
  }

  async remove(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const one = this.#get(id);
    if (!force && one.info.status !== 'exited')
      throw new StateError('remove', id, one.info.status, { hint: 'stop it' });
    this.containers.delete(id);
    return Promise.resolve();
  }

  async list(): Promise<readonly SupervisedInfo[]> {
    return Promise.resolve([...this.containers.values()].map(({ info }) => info));
  }

  async get(id: string): Promise<SupervisedInfo> {
    return Promise.resolve(this.#get(id).info);
  }

  async inspect(id: string): Promise<SupervisedDetails> {
    const { info, options } = this.#get(id);
    return Promise.resolve({ ...info, options, logPath: `/data/${id}` });
  }

  async processes(id: string): Promise<readonly ProcessInfo[]> {
    this.#get(id);
    return Promise.resolve([
      { pid: 2, parentPid: 1, command: ['sleep', '1'], state: 'S', uid: 0, threads: 1, memoryBytes: 4096, cpuMs: 10 },
    ]);
  }

  async wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RunEnd> {
    const { ended } = this.#get(id);
    this.calls.push(['wait', id]);
    signal?.addEventListener('abort', () => this.calls.push(['wait aborted', id]), { once: true });
    const aborted = signal === undefined ? new Promise<never>(() => undefined) : rejectOn(signal);
    return Promise.race([ended, aborted]);
  }

  async *logs(id: string, query: LogQuery = {}): AsyncIterable<LogLine> {
    const { log, ended } = this.#get(id);
    const { signal, ...rest } = query;
    this.calls.push(['logs', id, rest]);
    yield* log;
    if (query.follow === true) await Promise.race([ended, signal === undefined ? ended : settleOn(signal)]);
    if (signal?.aborted === true) this.calls.push(['logs aborted', id]);
  }

  async attach(id: string): Promise<Attachment> {
    this.#get(id);
    const { typed, shown } = this.attached;
    return Promise.resolve({
      stdin: typed,
      output: readShown(shown),
      terminal: true,
      resize: (size) => this.sizes.push(size),
      [Symbol.dispose]: () => {
        this.attached.disposed++;
        shown.end();
      },
    });
  }

  async exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<SupervisedExec> {
    const { info } = this.#get(id);
    if (info.status !== 'running') throw new StateError('exec in', id, info.status);
    const { signal, ...rest } = options;
    this.calls.push(['exec', id, command, rest]);
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: [options.stdin === 'pipe' ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    this.execs.push(child);
    await once(child, 'spawn');
    let aborted = false;
    const abort = (): void => {
      aborted = true;
      child.kill('SIGTERM');
    };
    signal?.addEventListener('abort', abort);
    const exited = once(child, 'close').then((values) => {
      const [exitCode, name] = values as [number | null, string | null];
      return { exitCode, signal: name, timedOut: false, aborted, durationMs: 1 };
    });
    return {
      pid: child.pid ?? 0,
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      terminal: null,
      notes: ['an exec'],
      exited,
      signal: (name) => child.kill(name as NodeJS.Signals),
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
      },
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  async *events({
    names,
    signal,
  }: { readonly names?: readonly string[]; readonly signal?: AbortSignal } = {}): AsyncIterable<SupervisedEvent> {
    this.calls.push(['events', names]);
    const found: SupervisedEvent[] = [];
    let wake = (): void => undefined;
    const add = (event: SupervisedEvent): void => {
      if (names?.includes(event.id) !== false) found.push(event);
      wake();
    };
    this.news.on('event', add);
    signal?.addEventListener('abort', () => wake());
    try {
      while (signal?.aborted !== true) {
        const next = found.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.news.off('event', add);
      this.calls.push(['events ended']);
    }
  }

  #get(id: string): FakeContainer {
    const found = this.containers.get(checkName(id, 'container'));
    if (found === undefined) throw new NotFoundError(id);
    return found;
  }
}

async function* readShown(shown: PassThrough): AsyncGenerator<{ data: Uint8Array }, void> {
  for await (const data of shown as AsyncIterable<Buffer>) yield { data };
}

function describe(id: string, { command, container, supervision }: SupervisedOptions, start: boolean): SupervisedInfo {
  return {
    id,
    status: start ? 'running' : 'created',
    command,
    labels: container.labels ?? {},
    createdAt: '2026-01-02T03:04:05.678Z',
    processes: start ? 1 : 0,
    stats: { processes: start ? 1 : 0, frozen: false, pressure: {} },
    restart: supervision.restart,
    restarts: 0,
    log: supervision.log,
  };
}

function withResolvers<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((given) => (resolve = given));
  return { promise, resolve };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function settleOn(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
