import type { IncomingMessage } from 'node:http';
import { TrieRouter } from 'hono/router/trie-router';
import { ApiError } from '../../errors/api-error.js';
import { allOptional, parseShape } from '../../spec/options-schema.js';
import type { Route } from './route.js';

/** A route that a request is for, and what the request says in its head. */
export interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
}

/** Finds routes. Of hono only its router is used: its servers bring fetch(1)'s whole world along, which no stream here needs. */
export class Router {
  readonly #router = new TrieRouter<Route>();
  readonly #methods: readonly string[];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const [method = '', path = ''] = route.endpoint.split(' ');
      this.#router.add(method, path.replace(/\{(\w+)\}/g, ':$1'), route);
    }
    this.#methods = [...new Set(routes.map(({ endpoint }) => endpoint.split(' ')[0] ?? ''))];
  }

  /**
   * Finds the route that a request is for.
   *
   * @throws ApiError where there is none; OptionError for a parameter of the query that is unknown or makes no sense
   */
  match({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>): Matched {
    const { path, search } = splitUrl(url);
    const found = this.#find(method, path);
    if (found === undefined) throw this.#refuse(method, path);
    const params = Object.fromEntries(Object.entries(found.params).map(([name, text]) => [name, decode(text)]));
    return { route: found.route, params, query: readQuery(found.route, search) };
  }

  /** Lists the methods that a path takes. */
  allowed(path: string): readonly string[] {
    return this.#methods.filter((method) => this.#find(method, path) !== undefined);
  }

  #find(
    method: string,
    path: string,
  ): { readonly route: Route; readonly params: Readonly<Record<string, string>> } | undefined {
    const [handlers] = this.#router.match(method, path);
    const [first] = handlers;
    return first === undefined ? undefined : { route: first[0], params: first[1] as Record<string, string> };
  }

  #refuse(method: string, path: string): ApiError {
    const allowed = this.allowed(path);
    if (allowed.length > 0)
      return new ApiError(`${method} ${path}: this route takes ${allowed.join(', ')}`, 'ERR_METHOD');
    return new ApiError(`${method} ${path}: there is no such route`, 'ERR_ROUTE', {
      hint: 'GET /openapi.json lists all routes',
    });
  }
}

/** Returns the path of a request's target, which may be that of a proxy: `http://host/path`. */
export function splitUrl(url: string): { readonly path: string; readonly search: string } {
  const [, rest = url] = /^https?:\/\/[^/?]*(.*)$/i.exec(url) ?? [];
  const question = rest.indexOf('?');
  if (question < 0) return { path: rest, search: '' };
  return { path: rest.slice(0, question), search: rest.slice(question + 1) };
}

function decode(text: string, part = 'path'): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ApiError(`${part}: ${JSON.stringify(text)} is not percent-encoded UTF-8`, 'ERR_REQUEST');
  }
}

function readQuery({ query = {} }: Route, search: string): Readonly<Record<string, unknown>> {
  // It would read something else in place of what is no UTF-8.
  decode(search, 'query');
  const given = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(search)) {
    const before = given[name];
    given[name] = before === undefined ? value : [before, value].flat();
  }
  return parseShape(allOptional(query), given, Object.keys(query)) as Readonly<Record<string, unknown>>;
}
