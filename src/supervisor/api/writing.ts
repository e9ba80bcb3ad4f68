import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { errorBody } from './error-body.js';
import { formatJson as formatNumbers } from '../../util/json.js';

/** What an answer is written as, beside JSON. */
export const TYPES = {
  json: 'application/json',
  lines: 'application/x-ndjson',
  sse: 'text/event-stream',
  text: 'text/plain; charset=utf-8',
  bytes: 'application/octet-stream',
} as const;

/** Returns the first of some types that a request accepts; the first of them where it does not care. */
export function chooseType<Type extends string>(accept: string | undefined, types: readonly [Type, ...Type[]]): Type {
  for (const wanted of (accept ?? '*/*').split(',')) {
    const name = (wanted.split(';')[0] ?? '').trim().toLowerCase();
    const found = types.find((type) => type.split(';')[0] === name);
    if (found !== undefined) return found;
  }
  return types[0];
}

/** Returns a value as JSON: a line of its own, so that whoever calls curl has the prompt after it. */
export function formatJson(value: unknown): string {
  return `${formatNumbers(value)}\n`;
}

/** Returns the headers of an answer that is JSON. */
export function jsonHeaders(text: string): { readonly 'content-type': string; readonly 'content-length': number } {
  return { 'content-type': TYPES.json, 'content-length': Buffer.byteLength(text) };
}

/** Answers with JSON that is text already. */
export function writeText(outgoing: ServerResponse, text: string): void {
  outgoing.writeHead(200, jsonHeaders(text));
  outgoing.end(text);
}

/** Writes bytes, and waits while the client does not read. @returns `false` when it has gone */
export async function send(outgoing: ServerResponse, data: string | Uint8Array): Promise<boolean> {
  if (outgoing.destroyed || outgoing.writableEnded) return false;
  if (outgoing.write(data)) return true;
  await untilRoom(outgoing);
  return !outgoing.destroyed;
}

async function untilRoom(outgoing: ServerResponse): Promise<void> {
  const either = new AbortController();
  const options = { signal: either.signal };
  try {
    await Promise.race([once(outgoing, 'drain', options), once(outgoing, 'close', options)]);
  } catch {
    // Its connection has failed; `close` says so as well.
  } finally {
    either.abort();
  }
}

/** Writes a value as a line of JSON. @returns `false` when the client has gone */
export function sendLine(outgoing: ServerResponse, value: unknown): Promise<boolean> {
  return send(outgoing, formatJson(value));
}

/** Begins an answer of unknown length: the client sees at once that it has begun. */
export function beginStream(
  outgoing: ServerResponse,
  type: string,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): void {
  outgoing.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
  outgoing.flushHeaders();
}

/** How long an error may take to come and still be the answer's status. */
const FIRST_MS = 20;

/**
 * Writes what comes as it comes, a piece each.
 *
 * What cannot be begun fails at once, mostly, and is answered with a status then; what fails later ends the answer with a line
 * that has the error.
 */
export async function sendAll<Item>(
  outgoing: ServerResponse,
  items: AsyncIterable<Item>,
  { type, format }: { readonly type: string; readonly format: (item: Item) => string | Uint8Array },
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    await settledWithin(next, FIRST_MS);
    beginStream(outgoing, type);
    for (let item = await next; item.done !== true; item = await next) {
      if (!(await send(outgoing, format(item.value)))) return;
      next = iterator.next();
      // Whoever has gone asks for no more.
      next.catch(() => undefined);
    }
  } catch (error) {
    if (!outgoing.headersSent) throw error;
    if (type === TYPES.lines) await sendLine(outgoing, errorBody(error));
    else outgoing.destroy();
  } finally {
    outgoing.end();
    await iterator.return?.();
  }
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([promise, time]);
  } finally {
    clearTimeout(timer);
  }
}
