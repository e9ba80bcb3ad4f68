import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, ForbiddenError } from '../../errors/api-error.js';
import { ContainerError, isContainerError } from '../../errors/container-error.js';
import type { SupervisorFace } from '../face.js';
import { type BodyLimits, readJsonBody } from './body.js';
import type { Authorize, Caller } from './caller.js';
import { errorBody, errorStatus } from './error-body.js';
import { socketFd, watchClient } from './hang-up.js';
import type { Limits } from './limits.js';
import type { ApiRequest, Reply, Route, ServerContext } from './route.js';
import { type Router, splitUrl } from './router.js';
import { formatJson, jsonHeaders } from './writing.js';

/** What answers need. */
export interface DispatchContext {
  readonly router: Router;
  readonly face: SupervisorFace;
  readonly authorize: Authorize;
  readonly limits: Pick<Limits, 'bodyMs' | 'body' | 'confinedBody'>;
  readonly server: ServerContext;
}

/** Answers a request; whatever goes wrong is its answer. @returns once it has been written, or its client has gone */
export async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  context: DispatchContext,
): Promise<void> {
  try {
    const caller = await identify(incoming, context);
    try {
      await reply(await call(caller, { incoming, outgoing, context }), incoming, outgoing);
    } catch (error) {
      throw caller.confined === undefined || isContainerError(error) ? error : hideInternals(error);
    }
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ERR_METHOD') {
      outgoing.setHeader('allow', context.router.allowed(splitUrl(incoming.url ?? '/').path).join(', '));
    }
    refuse(incoming, outgoing, error);
  }
}

/** Answers with an error. */
export function refuse(incoming: IncomingMessage, outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent) outgoing.destroy();
  else writeWhole(incoming, outgoing, errorStatus(error), errorBody(error));
}

// What went wrong, and where on the host, is for who may do everything.
function hideInternals(error: unknown): ContainerError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`internal error: ${text}`, 'CORRAL_INTERNAL');
  return new ContainerError('internal error', 'ERR_INTERNAL', { hint: 'the log of the supervisor has more of it' });
}

// First of all: who may do nothing learns nothing either.
async function identify({ socket }: IncomingMessage, { authorize }: DispatchContext): Promise<Caller> {
  const fd = socketFd(socket);
  if (fd === undefined) throw new ApiError('the connection was closed', 'ERR_REQUEST');
  return authorize(fd, socket);
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly context: DispatchContext;
}

async function call(caller: Caller, { incoming, outgoing, context }: Exchange): Promise<Reply> {
  const { route, params, query } = context.router.match(incoming);
  if (caller.confined !== undefined && route.confined !== true) throw forbidden(route);
  const { bodyMs: ms, body: most, confinedBody } = context.limits;
  const bodyLimits = { ms, bytes: caller.confined === undefined ? most : confinedBody };
  const body = await readBody(route, incoming, bodyLimits);
  const request: ApiRequest<unknown, unknown, unknown> = {
    params,
    query,
    body,
    caller,
    get face() {
      return faceOf(caller, route, context.face);
    },
    server: context.server,
    bodyLimits,
    gone: watchClient(outgoing, { readsAll: true }),
    incoming,
    outgoing,
  };
  return route.handle(request as never);
}

function faceOf({ confined }: Caller, route: Route, face: SupervisorFace): SupervisorFace {
  if (confined === undefined) return face;
  if (confined.face === undefined) throw forbidden(route);
  return confined.face;
}

function forbidden({ summary }: Route): ForbiddenError {
  return new ForbiddenError(`${summary}: EPERM (a caller in a container may not do that)`);
}

async function readBody({ body, streamBody }: Route, incoming: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  if (body === undefined) {
    if (streamBody === undefined) incoming.resume();
    return undefined;
  }
  const value = await readJsonBody(incoming, limits);
  if (value === undefined && body.optional !== true)
    throw new ApiError('read body: there is none', 'ERR_REQUEST', { hint: 'send an object as JSON: curl --json' });
  return body.read(value);
}

async function reply(reply: Reply, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return;
  if (reply === undefined) writeWhole(incoming, outgoing, 204);
  else if ('write' in reply) await reply.write(outgoing);
  else writeWhole(incoming, outgoing, reply.status ?? 200, reply.json);
}

/** How long a body is still taken, and thrown away, whose request has been answered. */
const LINGER_MS = 1000;

/**
 * Answers with a value as JSON.
 *
 * A client that is still sending must not find the connection closed before it has read the answer; but one that goes on for ever
 * must not keep it.
 */
function writeWhole(incoming: IncomingMessage, outgoing: ServerResponse, status: number, value?: unknown): void {
  const text = value === undefined ? '' : formatJson(value);
  outgoing.shouldKeepAlive &&= incoming.complete;
  outgoing.writeHead(status, value === undefined ? {} : jsonHeaders(text));
  if (incoming.complete) {
    outgoing.end(text);
    return;
  }
  if (text === '') outgoing.flushHeaders();
  else outgoing.write(text);
  const end = (): void => {
    clearTimeout(timer);
    outgoing.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  incoming.once('end', end).once('close', end).resume();
}
