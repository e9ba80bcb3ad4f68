import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GenericSchema, InferOutput } from 'valibot';
import type { SupervisorFace } from '../face.js';
import type { Answers } from './answers.js';
import type { BodyLimits } from './body.js';
import type { Caller } from './caller.js';
import type { PathParams } from './endpoints.js';
import type { Sessions } from './sessions.js';

/** The parameters of a query, by name. All are optional. */
export type QueryShapes = Readonly<Record<string, GenericSchema>>;

/** What a query comes to. */
export type QueryOf<Shapes> = Shapes extends QueryShapes
  ? { readonly [Name in keyof Shapes]?: InferOutput<Shapes[Name]> }
  : Readonly<Record<string, never>>;

/** A request, by the time that a route gets it: who makes it is known, and all that it says was read and checked. */
export interface ApiRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** What the caller sees of the supervisor. @throws ForbiddenError for one who sees nothing */
  readonly face: SupervisorFace;
  /** What the server knows of itself. */
  readonly server: ServerContext;
  /** Of a body that is read as a whole. */
  readonly bodyLimits: BodyLimits;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** What all requests share. */
export interface ServerContext {
  readonly info: () => Answers['ServerInfo'];
  readonly sessions: Sessions;
  /** The OpenAPI document, as text. */
  readonly openapi: () => string;
  /** Aborted when the server is about to close, with the error for those who wait for something. */
  readonly closing: AbortSignal;
}

/**
 * What a request is answered with: a value as JSON, nothing (204), or something that the route writes itself, and has written
 * when it is settled.
 */
export type Reply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly write: (outgoing: ServerResponse) => Promise<void> }
  | undefined;

/** What an answer is, for the documentation. */
export interface AnswerWords {
  readonly status: number;
  /** In words. */
  readonly means: string;
  /** What it holds: the name of a type of {@link Answers}; absent where it has no body. */
  readonly type?: keyof Answers;
  /** How it is written. @default json */
  readonly as?: 'json' | 'lines';
  /** What else it can be had as, with `Accept`. */
  readonly also?: Readonly<Record<string, string>>;
}

/** How a body is read. */
export interface BodyWords<Body> {
  readonly schema: GenericSchema;
  /** @throws OptionError */
  readonly read: (body: unknown) => Body;
  /** A request may come without one. */
  readonly optional?: true;
}

/** One route: all that the server does and the documentation says follows from it. */
export interface Route {
  /** Its name, `operationId` of the documentation. */
  readonly name: string;
  /** `GET /v1/containers/{id}` */
  readonly endpoint: string;
  /** Under which heading the documentation has it. */
  readonly group: string;
  readonly summary: string;
  readonly description?: string;
  /** Callers inside a container may ask for it, each in its bounds. */
  readonly confined?: true;
  readonly query?: QueryShapes;
  readonly body?: BodyWords<unknown>;
  /** Its body is a stream, which the route reads itself; in words. */
  readonly streamBody?: string;
  readonly answer: AnswerWords;
  /** Which statuses of errors it has, besides those that all have. */
  readonly errors?: readonly number[];
  readonly handle: (request: ApiRequest<never, never, never>) => Reply | Promise<Reply>;
}

/** A route before it has forgotten its own types. */
export interface TypedRoute<Endpoint extends string, Shapes, Body> extends Omit<
  Route,
  'endpoint' | 'query' | 'body' | 'handle'
> {
  readonly endpoint: Endpoint;
  readonly query?: Shapes & QueryShapes;
  readonly body?: BodyWords<Body>;
  readonly handle: (request: ApiRequest<PathParams<Endpoint>, QueryOf<Shapes>, Body>) => Reply | Promise<Reply>;
}

/** Makes a route. What its handler gets is typed by what it says of its path, query and body. */
export function route<Endpoint extends string, Shapes = undefined, Body = undefined>(
  words: TypedRoute<Endpoint, Shapes, Body>,
): Route {
  return words;
}
