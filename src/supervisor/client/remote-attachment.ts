import type { Writable } from 'node:stream';
import { isContainerError } from '../../errors/container-error.js';
import type { TerminalSize } from '../../spec/options.js';
import type { AttachLine } from '../api/answers.js';
import { decodeBytes } from '../api/output.js';
import type { Attachment } from '../attachment.js';
import { bodyStream, hangUp } from './channel.js';
import { readJsonLines } from './json-lines.js';
import { restoreError } from './restore-error.js';
import { type Opened, type Transport, broken } from './transport.js';

interface Output {
  readonly data: Uint8Array;
  readonly stream?: 'stdout' | 'stderr';
}

/** Connects to the streams or the terminal of a container of the supervisor's. @throws what the supervisor does */
export async function remoteAttachment(transport: Transport, id: string): Promise<Attachment> {
  const opened = await transport.open('attach', { params: { id }, feed: (request) => request.flushHeaders() });
  const lines = readJsonLines(opened.answer) as AsyncGenerator<AttachLine, void>;
  const first = await lines.next().catch((error: unknown) => {
    throw broken('attach', error);
  });
  if (first.done === true || first.value.attached === undefined) throw broken('attach');
  return new RemoteAttachment(transport, opened, lines, first.value.attached);
}

class RemoteAttachment implements Attachment {
  readonly stdin: Writable | null;
  readonly output: AsyncIterable<Output>;
  readonly terminal: boolean;
  readonly #transport: Transport;
  readonly #opened: Opened;
  readonly #session: string;
  #isOver = false;

  constructor(
    transport: Transport,
    opened: Opened,
    lines: AsyncGenerator<AttachLine, void>,
    { session, terminal, stdin }: NonNullable<AttachLine['attached']>,
  ) {
    this.#transport = transport;
    this.#opened = opened;
    this.#session = session;
    this.terminal = terminal;
    this.stdin = stdin ? bodyStream(opened.request, () => undefined) : null;
    this.output = this.#read(lines);
  }

  resize(size: TerminalSize): void {
    if (!this.terminal || this.#isOver) return;
    this.#transport
      .ask('resizeSession', { params: { session: this.#session }, body: size })
      // The one that has ended meanwhile has no size any more.
      .catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    hangUp(this.#opened);
    this.stdin?.destroy();
  }

  async *#read(lines: AsyncGenerator<AttachLine, void>): AsyncGenerator<Output, void> {
    try {
      for await (const { output, stdout, stderr, end, ...rest } of lines) {
        if (end === true) return;
        if ('error' in rest) throw restoreError(rest);
        if (output !== undefined) yield { data: decodeBytes(output) };
        if (stdout !== undefined) yield { data: decodeBytes(stdout), stream: 'stdout' };
        if (stderr !== undefined) yield { data: decodeBytes(stderr), stream: 'stderr' };
      }
      throw broken('attach');
    } catch (error) {
      if (this.#isOver) return;
      throw isContainerError(error) ? error : broken('attach', error);
    } finally {
      this[Symbol.dispose]();
    }
  }
}
