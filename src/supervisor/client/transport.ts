import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { ConnectionError } from '../../errors/api-error.js';
import { isContainerError } from '../../errors/container-error.js';
import { parseJson } from '../../spec/config/json.js';
import { now } from '../../util/now.js';
import { ENDPOINTS, type EndpointName, fillEndpoint } from '../api/endpoints.js';
import { restoreError } from './restore-error.js';
import type { SocketAddress } from './socket-address.js';

/** What is asked. */
export interface Asked {
  /** Of the path, by name. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sends a body that is a stream. */
  readonly feed?: (request: ClientRequest) => void;
  /** Ends it, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer that has begun. */
export interface Opened {
  readonly answer: IncomingMessage;
  readonly request: ClientRequest;
}

/** How often is asked again what is only busy, or on its way out, and how soon. */
const TRIES = 100;
const PAUSE_MS = 50;

/** How many supervisors may go away over one question, unless they had a while for it. */
const MOST_BREAKS = 5;
const STEADY_MS = 5000;

/** One that was started so long ago, and cannot be asked, is not there any more; milliseconds. */
const START_AGAIN_MS = 1000;

/** Sends requests to the supervisor's socket. */
export class Transport {
  readonly #address: SocketAddress;
  readonly #start: (() => Promise<void>) | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });

  /** @param start - brings a supervisor up where none listens; absent: that is an error */
  constructor(address: SocketAddress, start: (() => Promise<void>) | undefined) {
    this.#address = address;
    this.#start = start;
  }

  /** Closes the connections that are kept for further requests. */
  close(): void {
    this.#agent.destroy();
    this.#address.refresh();
  }

  /**
   * Asks, and reads the whole answer. What changes nothing is asked again of the next supervisor where one goes away before it has
   * answered: whoever waits for the end of a container notices nothing.
   *
   * @throws what the supervisor has thrown; ConnectionError
   */
  async ask(name: EndpointName, asked: Asked = {}): Promise<unknown> {
    const mayRepeat = isReading(name) && this.#start !== undefined;
    for (let breaks = 0, since = now(); ; since = now()) {
      try {
        return await this.#askOnce(name, asked);
      } catch (error) {
        // One that has answered for a while does not die of the question.
        breaks = now() - since > STEADY_MS ? 1 : breaks + 1;
        if (!mayRepeat || !(error instanceof BrokenError) || breaks >= MOST_BREAKS) throw error;
      }
    }
  }

  async #askOnce(name: EndpointName, asked: Asked): Promise<unknown> {
    const { answer } = await this.open(name, asked);
    try {
      return parse(await readText(answer), name === 'inspect');
    } catch (error) {
      asked.signal?.throwIfAborted();
      throw isContainerError(error) ? error : broken(name, error);
    }
  }

  /** Asks, and returns the answer once it begins. @throws as {@link Transport.ask} */
  async open(name: EndpointName, asked: Asked = {}): Promise<Opened> {
    let startedAt = -Infinity;
    for (let attempt = 1; ; attempt++) {
      asked.signal?.throwIfAborted();
      const opened = await this.#openOnce(name, asked);
      if ('answer' in opened) return opened;
      const { trouble, code, cause } = opened;
      const isSilent = trouble === 'silent';
      if (attempt === TRIES || (isSilent && this.#start === undefined)) throw this.#unreachable(code, cause);
      // The one that was started may have gone already.
      if (isSilent && now() - startedAt > START_AGAIN_MS) {
        await this.#start?.();
        startedAt = now();
      } else await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #openOnce(name: EndpointName, asked: Asked): Promise<Opened | Trouble> {
    const opened = await this.#send(name, asked);
    if (!('answer' in opened) || (opened.answer.statusCode ?? 0) < 400) return opened;
    const error = restoreError(parse(await readText(opened.answer).catch(() => '')));
    opened.request.destroy();
    if (error.code === 'ERR_CLOSING') return { trouble: 'silent', code: error.code, cause: error };
    throw error;
  }

  async #send(name: EndpointName, asked: Asked): Promise<Opened | Trouble> {
    // Only what may be asked twice goes over a connection that may be closed from the other end meanwhile.
    return this.#sendOver(name, asked, isReading(name) ? this.#agent : false);
  }

  async #sendOver(name: EndpointName, asked: Asked, agent: Agent | false): Promise<Opened | Trouble> {
    try {
      // Awaited here: what goes wrong is told apart below.
      return await this.#exchange(name, asked, agent);
    } catch (error) {
      asked.signal?.throwIfAborted();
      if (error instanceof StaleError) return this.#sendOver(name, asked, false);
      const code = codeOf(error);
      if (!isConnecting(error)) throw broken(name, error);
      if (code === 'EAGAIN') return { trouble: 'busy', code, cause: error };
      if (!ABSENT.includes(code)) throw this.#unreachable(code, error);
      this.#address.refresh();
      return { trouble: 'silent', code, cause: error };
    }
  }

  async #exchange(name: EndpointName, asked: Asked, agent: Agent | false): Promise<Opened> {
    const { params = {}, query = {}, body, feed, signal } = asked;
    const { method, path } = fillEndpoint(ENDPOINTS[name], params);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = httpRequest({
      method,
      path: `${path}${formatQuery(query)}`,
      socketPath: this.#address.short(),
      agent,
      headers: { host: 'corral', ...(text === undefined ? {} : jsonHeaders(text)) },
      ...(signal === undefined ? {} : { signal }),
    });
    const answer = await untilAnswer(request, () => {
      if (feed === undefined) request.end(text);
      else feed(request);
    });
    return { request, answer };
  }

  #unreachable(code: string, cause: unknown): ConnectionError {
    const hint = code === 'EACCES' ? undefined : 'start it: corral supervise';
    return new ConnectionError(`connect to the supervisor at ${this.#address.path}: ${code}`, { cause, hint });
  }
}

/** Why nobody has answered: nobody listens, or nobody any more (`silent`); or too many want to be heard. */
interface Trouble {
  readonly trouble: 'silent' | 'busy';
  readonly code: string;
  readonly cause: unknown;
}

/** A connection that was kept was closed by its other end before it was used again. */
class StaleError extends Error {}

function untilAnswer(request: ClientRequest, send: () => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(request.reusedSocket && STALE.includes(codeOf(error)) ? new StaleError(error.message) : error);
    };
    request.once('response', (answer) => {
      // From here on, what becomes of the connection is told by the answer's stream.
      request.on('error', () => undefined);
      resolve(answer);
    });
    request.once('error', fail);
    send();
  });
}

/** Of connect(2): nobody listens, or nobody any more by the time that it would have been accepted. */
const ABSENT = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'];

const STALE = ['ECONNRESET', 'EPIPE'];

function isReading(name: EndpointName): boolean {
  return ENDPOINTS[name].startsWith('GET ');
}

function isConnecting(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'open');
}

function jsonHeaders(text: string): Record<string, string | number> {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** @param isExact - numbers of 64 bits are bigints where a number cannot hold them, as in the spec of a container */
function parse(text: string, isExact = false): unknown {
  if (text === '') return undefined;
  try {
    return isExact ? parseJson(text) : JSON.parse(text);
  } catch (error) {
    throw new ConnectionError('read answer: it is not JSON', { cause: error });
  }
}

/** The supervisor has gone away in the middle of something. */
class BrokenError extends ConnectionError {}

/** Says that the supervisor has gone away in the middle of something. */
export function broken(what: string, cause?: unknown): ConnectionError {
  return new BrokenError(`${what}: the supervisor has gone away before it had answered`, {
    cause,
    hint: 'it may have been done all the same: look, and ask again',
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function formatQuery(query: NonNullable<Asked['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'object') for (const one of value) search.append(name, one);
    else if (value !== undefined) search.append(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
