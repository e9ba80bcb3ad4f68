import type { KillReport } from '../../cgroup/kill.js';
import type { Limits } from '../../cgroup/limits.js';
import type { StopOptions } from '../../container/ending.js';
import type { ExecOptions } from '../../container/exec.js';
import type { StopReport } from '../../container/stopping.js';
import { isContainerError } from '../../errors/container-error.js';
import type { UpdateOptions } from '../../spec/options.js';
import type { Changed, CreatedContainer, LogAnswer, ServerInfo } from '../api/answers.js';
import type { EndpointName } from '../api/endpoints.js';
import { decodeBytes } from '../api/output.js';
import type { Attachment } from '../attachment.js';
import type { SupervisedEvent } from '../events.js';
import type { SupervisedExec } from '../exec.js';
import type { SupervisedDetails, SupervisorFace } from '../face.js';
import type { LogLine, LogQuery } from '../logs/types.js';
import type { ProcessInfo } from '../processes.js';
import type { RunEnd, SupervisedInfo, SupervisedOptions } from '../types.js';
import { hangUp } from './channel.js';
import { createWords } from './create-words.js';
import { readJsonLines } from './json-lines.js';
import { remoteAttachment } from './remote-attachment.js';
import { remoteExec } from './remote-exec.js';
import { createLeased, remoteLease } from './remote-lease.js';
import { restoreError } from './restore-error.js';
import { type Asked, type Transport, broken } from './transport.js';

/** A supervisor, over its socket. */
export class Client implements SupervisorFace, Disposable {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Closes the connections that are kept for further calls. Containers, and what is under way, are left as they are. */
  close(): void {
    this.#transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns what the supervisor says of itself. */
  info(): Promise<ServerInfo> {
    return this.#ask('info');
  }

  async create(
    options: SupervisedOptions,
    { start, lease }: { readonly start?: boolean; readonly lease?: AbortSignal } = {},
  ): Promise<CreatedContainer> {
    const how = { ...(start === undefined ? {} : { start }), ...(lease === undefined ? {} : { lease: true }) };
    const body = createWords(options, how, { env: process.env, cwd: process.cwd() });
    return lease === undefined ? this.#ask('create', { body }) : createLeased(this.#transport, body, lease);
  }

  lease(id: string, signal: AbortSignal): Promise<void> {
    return remoteLease(this.#transport, id, signal);
  }

  start(id: string): Promise<boolean> {
    return this.#change('start', id);
  }

  stop(id: string, options: StopOptions = {}): Promise<StopReport> {
    return this.#ask('stop', { params: { id }, body: options });
  }

  restart(id: string, options: StopOptions = {}): Promise<SupervisedInfo> {
    return this.#ask('restart', { params: { id }, body: options });
  }

  kill(id: string): Promise<KillReport> {
    return this.#ask('kill', { params: { id } });
  }

  signal(id: string, signal: string | number, how: { readonly all?: boolean } = {}): Promise<void> {
    return this.#ask('signal', { params: { id }, body: { signal, ...how } });
  }

  pause(id: string): Promise<boolean> {
    return this.#change('pause', id);
  }

  resume(id: string): Promise<boolean> {
    return this.#change('resume', id);
  }

  update(id: string, options: UpdateOptions): Promise<Limits> {
    return this.#ask('update', { params: { id }, body: options });
  }

  remove(id: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    return this.#ask('remove', { params: { id }, query: { force } });
  }

  list(): Promise<readonly SupervisedInfo[]> {
    return this.#ask('list');
  }

  get(id: string): Promise<SupervisedInfo> {
    return this.#ask('get', { params: { id } });
  }

  inspect(id: string): Promise<SupervisedDetails> {
    return this.#ask('inspect', { params: { id } });
  }

  processes(id: string): Promise<readonly ProcessInfo[]> {
    return this.#ask('processes', { params: { id } });
  }

  wait(id: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RunEnd> {
    return this.#ask('wait', { params: { id }, signal });
  }

  async *logs(id: string, { signal, since, until, ...query }: LogQuery = {}): AsyncGenerator<LogLine, void> {
    const times = { since: formatMoment(since), until: formatMoment(until) };
    const asked = { params: { id }, query: { ...query, ...times }, signal };
    for await (const line of this.#lines<LogAnswer>('logs', asked)) {
      const { data, ...rest } = line;
      yield { ...rest, data: decodeBytes(data) };
    }
  }

  attach(id: string): Promise<Attachment> {
    return remoteAttachment(this.#transport, id);
  }

  exec(id: string, command: readonly string[], options?: ExecOptions): Promise<SupervisedExec> {
    return remoteExec(this.#transport, id, command, options);
  }

  events({ names, signal }: { readonly names?: readonly string[]; readonly signal?: AbortSignal } = {}): AsyncGenerator<
    SupervisedEvent,
    void
  > {
    return this.#lines<SupervisedEvent>('events', { query: { name: names }, signal });
  }

  async #change(name: 'start' | 'pause' | 'resume', id: string): Promise<boolean> {
    const { changed } = await this.#ask<Changed>(name, { params: { id } });
    return changed;
  }

  async #ask<Answer>(name: EndpointName, asked?: Asked): Promise<Answer> {
    return (await this.#transport.ask(name, asked)) as Answer;
  }

  // The question is asked at once, whenever the first line is wanted.
  #lines<Line>(name: EndpointName, asked: Asked): AsyncGenerator<Line, void> {
    const opening = this.#transport.open(name, asked);
    opening.catch(() => undefined);
    return readLines<Line>(name, opening, asked.signal);
  }
}

async function* readLines<Line>(
  name: EndpointName,
  opening: ReturnType<Transport['open']>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Line, void> {
  const opened = await opening.catch(unlessAborted(signal));
  if (opened === undefined) return;
  try {
    for await (const line of readJsonLines(opened.answer)) {
      if (typeof line === 'object' && line !== null && 'error' in line && !('type' in line)) throw restoreError(line);
      yield line as Line;
    }
  } catch (error) {
    // An abort ends it, and is no error.
    if (signal?.aborted !== true) throw isContainerError(error) ? error : broken(name, error);
  } finally {
    hangUp(opened);
  }
}

function unlessAborted(signal: AbortSignal | undefined): (error: unknown) => undefined {
  return (error) => {
    if (signal?.aborted !== true) throw error;
  };
}

function formatMoment(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
