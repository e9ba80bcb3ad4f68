import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type ApiErrorCode } from '../../errors/api-error.js';
import type { SupervisorFace } from '../face.js';
import type { ServerInfo } from './answers.js';
import type { Authorize } from './caller.js';
import { Connections, endWith } from './connections.js';
import { type DispatchContext, answer, refuse } from './dispatch.js';
import { LIMITS, type Limits } from './limits.js';
import { readOpenApi } from './openapi-file.js';
import { publishSocket } from './publish-socket.js';
import type { Route } from './route.js';
import { Router } from './router.js';
import { ROUTES } from './routes/all.js';
import { Sessions } from './sessions.js';

/** What a server is made of. */
export interface ApiServerOptions {
  readonly face: SupervisorFace;
  /** Where it listens; its directory is made. */
  readonly socketPath: string;
  readonly authorize: Authorize;
  readonly info: () => ServerInfo;
  /** Told whenever a request comes, or has been answered, how many there are. */
  readonly onActivity?: (requests: number) => void;
  /** @default {@link ROUTES} */
  readonly routes?: readonly Route[];
  /** @default {@link LIMITS} */
  readonly limits?: Partial<Limits>;
}

/** How long a connection is kept on which nothing is asked. */
const KEEP_ALIVE_MS = 60_000;

/** How long those are still heard who had connected before the socket was taken away. */
const LAST_CALL_MS = 50;

/** The face of a supervisor on a Unix socket: HTTP/1.1, and JSON. */
export class ApiServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #context: DispatchContext;
  readonly #options: ApiServerOptions;
  readonly #limits: Limits;
  /** The last request of each connection that has any: one after another, as they were sent. */
  readonly #queues = new WeakMap<Socket, { tail: Promise<void>; length: number }>();
  #requests = 0;
  readonly #closing = new AbortController();
  #unpublish: () => void = () => undefined;

  private constructor(options: ApiServerOptions) {
    const { face, authorize, info, routes = ROUTES } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { headMs } = this.#limits;
    this.#context = {
      face,
      authorize,
      router: new Router(routes),
      limits: this.#limits,
      server: { info, sessions: new Sessions(), openapi: readOpenApi, closing: this.#closing.signal },
    };
    this.#connections = new Connections(authorize, this.#limits);
    this.#server = createServer({
      // A request's body may take as long as the command that reads it: those that are read as a whole have a time of their own.
      requestTimeout: 0,
      headersTimeout: headMs,
      connectionsCheckingInterval: Math.min(1000, headMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      requireHostHeader: false,
    });
    this.#server.on('connection', (socket: Socket) => void this.#connections.add(socket));
    this.#server.on('request', (incoming, outgoing) => this.#onRequest(incoming, outgoing));
    this.#server.on('clientError', onClientError);
  }

  /** Begins to listen. @throws SyscallError; ContainerError when others can write the socket's directory */
  static async listen(options: ApiServerOptions): Promise<ApiServer> {
    const server = new ApiServer(options);
    server.#unpublish = await publishSocket(server.#server, options.socketPath);
    return server;
  }

  /** How many requests are being answered: a long poll, a log that is followed and a lease are one each. */
  get requests(): number {
    return this.#requests;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Takes the socket away, and answers what has been asked already. Who asks from now on, or waits for the end of a container, is
   * told that nothing was done (`ERR_CLOSING`), and asks the next supervisor.
   *
   * @param graceMs - how long answers may still take; then their connections are closed, and with them leases end, and execs
   */
  async close(graceMs = 0): Promise<void> {
    this.#unpublish();
    this.#closing.abort(closingError());
    const closed = new Promise<void>((resolve) => {
      // Not at once: who is in the queue already has connected, and waits.
      setTimeout(() => this.#server.close(() => resolve()), LAST_CALL_MS);
    });
    await delay(LAST_CALL_MS);
    for (const endAt = Date.now() + graceMs; this.#requests > 0 && Date.now() < endAt;) await delay(10);
    this.#connections.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onRequest(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    const queue = this.#queues.get(socket) ?? { tail: Promise.resolve(), length: 0 };
    this.#queues.set(socket, queue);
    if (queue.length > this.#limits.pipelined) {
      socket.destroy();
      return;
    }
    queue.length++;
    queue.tail = queue.tail
      .then(() => this.#answer(incoming, outgoing))
      // Who does not read gets no further: what is written waits in this process.
      .then(() => untilSent(outgoing))
      .finally(() => queue.length--);
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (this.#closing.signal.aborted) {
      refuse(incoming, outgoing, closingError());
      return;
    }
    this.#count(1);
    try {
      await answer(incoming, outgoing, this.#context);
    } finally {
      this.#count(-1);
    }
  }

  #count(change: 1 | -1): void {
    this.#requests += change;
    this.#options.onActivity?.(this.#requests);
  }
}

function untilSent(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.writableFinished || outgoing.destroyed) resolve();
    else outgoing.once('finish', resolve).once('close', resolve);
  });
}

function closingError(): ApiError {
  const hint = 'ask again: the next one is started then';
  return new ApiError('the supervisor is on its way out', 'ERR_CLOSING', { hint });
}

function onClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  const [status, text, code] = CLIENT_ERRORS[error.code ?? ''] ?? BAD_REQUEST;
  endWith(socket, status, new ApiError(`read request: ${text}`, code));
}

const BAD_REQUEST = ['400 Bad Request', 'it is no HTTP/1.1', 'ERR_REQUEST'] as const;

const CLIENT_ERRORS: Readonly<Partial<Record<string, readonly [status: string, text: string, code: ApiErrorCode]>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'its head has not come in time', 'ERR_SLOW'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'its head is longer than 16 KiB', 'ERR_HEAD_TOO_LARGE'],
};
