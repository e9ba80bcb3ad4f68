import { Writable } from 'node:stream';
import type { Container } from '../../container/container.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';
import type { Attachment } from '../attachment.js';
import { readLog } from '../logs/read.js';
import type { LogLine } from '../logs/types.js';
import type { TerminalHub } from './terminal-hub.js';
import type { LogPolicy } from '../types.js';

/** Where the output of a container is. */
export interface AttachParts {
  readonly hub: TerminalHub | undefined;
  /** Of the container. */
  readonly directory: string;
  readonly policy: LogPolicy;
  /** Aborted once the run is over, and all that it wrote is in its log. */
  readonly ended: AbortSignal;
}

/**
 * Connects somebody with the streams or the terminal of a container: what it writes is read where it goes, from now on.
 *
 * @throws UnsupportedError where it goes nowhere, and its standard input is closed
 */
export function attachTo(container: Container, { hub, directory, policy, ended }: AttachParts): Attachment {
  const over = new AbortController();
  const input = container.terminal ?? container.stdin;
  if (hub === undefined && policy.driver === 'none' && input === null) {
    throw new UnsupportedError(
      `attach to ${JSON.stringify(container.id)}`,
      'output that is kept, or an open standard input',
      {
        hint: 'it was made with --log-driver none, and without --interactive',
      },
    );
  }
  const end = (): void => {
    over.abort();
  };
  ended.addEventListener('abort', end, { once: true });
  if (ended.aborted) end();
  const pieces =
    hub?.listen() ?? (policy.driver === 'none' ? nothing(over.signal) : follow(directory, policy, over.signal));
  const output = new EagerIterator(pieces);
  return {
    stdin: input === null ? null : passOn(input),
    output,
    terminal: container.terminal !== null,
    resize: (size) => {
      container.terminal?.resize(size);
    },
    [Symbol.dispose]: () => {
      ended.removeEventListener('abort', end);
      over.abort();
      void output.return();
    },
  };
}

/** An iteration that has begun: what comes from now on is not missed, whenever it is asked for. */
class EagerIterator<T> implements AsyncIterableIterator<T> {
  readonly #iterator: AsyncIterator<T>;
  #first: Promise<IteratorResult<T>> | undefined;

  constructor(values: AsyncIterable<T>) {
    this.#iterator = values[Symbol.asyncIterator]();
    this.#first = this.#iterator.next();
    this.#first.catch(() => undefined);
  }

  next(): Promise<IteratorResult<T>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#iterator.next();
  }

  async return(): Promise<IteratorResult<T>> {
    await this.#iterator.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* follow(
  directory: string,
  policy: LogPolicy,
  over: AbortSignal,
): AsyncGenerator<Pick<LogLine, 'data' | 'stream'>, void> {
  // The supervisor's own clock gives the lines their time.
  const from = policy.driver === 'json' ? { since: Date.now() } : { tail: 0 };
  for await (const { data, stream, partial } of readLog(directory, policy, { follow: true, ...from }, { over })) {
    // A line of a log has no newline, and what was written had.
    if (stream === undefined) yield { data };
    else yield { data: partial === true ? data : Buffer.concat([data, NEWLINE]), stream };
  }
}

const NEWLINE = Buffer.from('\n');

// eslint-disable-next-line require-yield
async function* nothing(over: AbortSignal): AsyncGenerator<{ readonly data: Uint8Array }> {
  await new Promise((resolve) => {
    over.addEventListener('abort', resolve, { once: true });
    if (over.aborted) resolve(undefined);
  });
}

// Its end is that of one who was attached: the container's input stays open.
function passOn(target: Writable): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (target.destroyed || target.writableEnded) done();
      else target.write(chunk, () => done());
    },
  });
}
