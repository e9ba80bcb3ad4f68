import type { Readable, Writable } from 'node:stream';
import type { ExecOptions } from '../../container/exec.js';
import type { ProcessResult } from '../../container/result.js';
import { isContainerError } from '../../errors/container-error.js';
import { OptionError } from '../../errors/option-error.js';
import { defined } from '../../util/defined.js';
import type { ExecLine, ExecStarted } from '../api/answers.js';
import type { ExecWords } from '../api/exec-options.js';
import type { EncodedBytes } from '../api/output.js';
import type { SupervisedExec, TerminalStream } from '../exec.js';
import { OutputStream, bodyStream, hangUp } from './channel.js';
import { passVariables } from './create-words.js';
import { readJsonLines } from './json-lines.js';
import { RemoteTerminal } from './remote-terminal.js';
import { restoreError } from './restore-error.js';
import { type Opened, type Transport, broken } from './transport.js';

/** Runs a command in a container of the supervisor's. @throws what the supervisor does */
export async function remoteExec(
  transport: Transport,
  id: string,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<RemoteExec> {
  const { signal, stdin = 'ignore', stdout = 'pipe', stderr = 'pipe', env, ...rest } = options;
  for (const [option, value] of Object.entries({ stdin, stdout, stderr })) {
    if (value !== 'pipe' && value !== 'ignore')
      throw new OptionError(option, value, 'pipe or ignore: a supervisor runs it');
  }
  const hasTerminal = rest.terminal !== undefined && rest.terminal !== false;
  const words: ExecWords = { command, ...rest, ...defined({ env: env && passVariables(env, process.env) }) };
  const hasInput = hasTerminal || stdin === 'pipe';
  signal?.throwIfAborted();
  const opened = await transport.open('exec', {
    params: { id },
    // A line, and what comes after it for as long as there is input.
    ...(hasInput ? { feed: (request) => request.write(`${JSON.stringify(words)}\n`) } : { body: words }),
  });
  const lines = readJsonLines(opened.answer) as AsyncGenerator<ExecLine, void>;
  const first = await lines.next().catch((error: unknown) => {
    throw broken('exec', error);
  });
  if (first.done === true || first.value.exec === undefined) throw broken('exec');
  return new RemoteExec({
    transport,
    opened,
    lines,
    started: first.value.exec,
    options: { ...options, stdin, stdout, stderr },
  });
}

interface Parts {
  readonly transport: Transport;
  readonly opened: Opened;
  readonly lines: AsyncGenerator<ExecLine, void>;
  readonly started: ExecStarted;
  readonly options: ExecOptions;
}

/** A process that runs in a container of the supervisor's: it dies with this one's connection. */
class RemoteExec implements SupervisedExec {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly terminal: TerminalStream | null;
  readonly notes: readonly string[];
  readonly exited: Promise<ProcessResult>;
  readonly #transport: Transport;
  readonly #session: string;
  readonly #outputs: Readonly<
    Partial<
      Record<
        'stdout' | 'stderr' | 'output',
        {
          add: (data: EncodedBytes) => Promise<void>;
          end: () => void;
        }
      >
    >
  >;

  constructor({ transport, opened, lines, started, options }: Parts) {
    const { session, pid, notes } = started;
    this.#transport = transport;
    this.#session = session;
    this.pid = pid;
    this.notes = notes;
    if (started.terminal) {
      const terminal = new RemoteTerminal(opened, (size) => this.#ask('resizeSession', size));
      this.terminal = terminal;
      [this.stdin, this.stdout, this.stderr] = [null, null, null];
      this.#outputs = { output: { add: (data) => terminal.add(data), end: () => terminal.finish() } };
    } else {
      const stdout = options.stdout === 'pipe' ? new OutputStream() : null;
      const stderr = options.stderr === 'pipe' ? new OutputStream() : null;
      this.terminal = null;
      this.stdin = options.stdin === 'pipe' ? bodyStream(opened.request, () => opened.request.end()) : null;
      this.stdout = stdout;
      this.stderr = stderr;
      this.#outputs = { ...(stdout && { stdout: feed(stdout) }), ...(stderr && { stderr: feed(stderr) }) };
    }
    this.exited = this.#follow(lines, opened);
    this.exited.catch(() => undefined);
    this.#endWith(options.signal);
  }

  async signal(signal: string | number): Promise<boolean> {
    const answer = await this.#ask('signalSession', { signal }).catch(unlessGone);
    return (answer as { changed?: boolean } | undefined)?.changed === true;
  }

  async kill(): Promise<void> {
    await this.#ask('killSession').catch(unlessGone);
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #endWith(signal: AbortSignal | undefined): void {
    const abort = (): void => {
      this.#ask('abortSession').catch(() => undefined);
    };
    const over = (): void => signal?.removeEventListener('abort', abort);
    signal?.addEventListener('abort', abort, { once: true });
    this.exited.then(over, over);
    if (signal?.aborted === true) abort();
  }

  #ask(name: 'resizeSession' | 'signalSession' | 'abortSession' | 'killSession', body?: object): Promise<unknown> {
    return this.#transport.ask(name, { params: { session: this.#session }, ...(body && { body }) });
  }

  async #follow(lines: AsyncGenerator<ExecLine, void>, opened: Opened): Promise<ProcessResult> {
    try {
      for await (const line of lines) {
        if (line.exit !== undefined) return line.exit;
        if ('error' in line) throw restoreError(line);
        await this.#show(line);
      }
      throw broken('exec');
    } catch (error) {
      throw isContainerError(error) ? error : broken('exec', error);
    } finally {
      hangUp(opened);
      for (const output of Object.values(this.#outputs)) output.end();
      this.stdin?.destroy();
    }
  }

  async #show(line: ExecLine): Promise<void> {
    for (const stream of ['stdout', 'stderr', 'output'] as const) {
      const data = line[stream];
      if (data !== undefined) await this.#outputs[stream]?.add(data);
    }
  }
}

function feed(stream: OutputStream): { add: (data: EncodedBytes) => Promise<void>; end: () => void } {
  return { add: (data) => stream.add(data), end: () => stream.end() };
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_NOT_FOUND')) throw error;
}
