import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../errors/api-error.js';
import { eitherSignal } from '../../util/either-signal.js';

/** Of a body that is read as a whole. */
export interface BodyLimits {
  /** How long it may take to come. */
  readonly ms: number;
  readonly bytes: number;
}

/**
 * Reads a body as JSON.
 *
 * @returns `undefined` where there is none
 * @throws ApiError when it is no JSON, too long, or does not come in time
 */
export async function readJsonBody(incoming: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const bytes = await readAll(incoming, limits);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

/** Tells whether a request has a body at all. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Reads the first line of a body as JSON, and leaves the rest of it to be read.
 *
 * @throws ApiError as {@link readJsonBody}
 */
export async function readFirstLine(incoming: IncomingMessage, { ms, bytes: most }: BodyLimits): Promise<unknown> {
  const chunks: Buffer[] = [];
  const line = await inTime(incoming, ms, async (signal) => {
    for (let length = 0; ;) {
      const chunk = await readChunk(incoming, signal);
      const newline = chunk?.indexOf(NEWLINE) ?? 0;
      if (chunk === undefined) return Buffer.concat(chunks);
      chunks.push(newline < 0 ? chunk : chunk.subarray(0, newline));
      if (newline >= 0) {
        if (newline + 1 < chunk.length) incoming.unshift(chunk.subarray(newline + 1));
        return Buffer.concat(chunks);
      }
      length += chunk.length;
      if (length > most) throw tooLarge(most);
    }
  });
  return parseJson(line);
}

const NEWLINE = 10;

async function readAll(incoming: IncomingMessage, { ms, bytes: most }: BodyLimits): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > most) throw tooLarge(most);
  return inTime(incoming, ms, async (signal) => {
    const chunks: Buffer[] = [];
    for (let length = 0; ;) {
      const chunk = await readChunk(incoming, signal);
      if (chunk === undefined) return Buffer.concat(chunks);
      length += chunk.length;
      if (length > most) throw tooLarge(most);
      chunks.push(chunk);
    }
  });
}

// Not `for await`: that would end the connection with the first line.
async function readChunk(incoming: IncomingMessage, signal: AbortSignal): Promise<Buffer | undefined> {
  for (;;) {
    const chunk = incoming.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (incoming.readableEnded || incoming.complete) return undefined;
    if (incoming.destroyed) throw new ApiError('read body: the connection was closed', 'ERR_REQUEST');
    await untilReadable(incoming, signal);
  }
}

async function untilReadable(incoming: IncomingMessage, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  using either = eitherSignal(signal, over.signal);
  try {
    await Promise.race(['readable', 'end', 'close'].map((event) => once(incoming, event, either)));
  } finally {
    over.abort();
  }
}

async function inTime(
  incoming: IncomingMessage,
  ms: number,
  read: (signal: AbortSignal) => Promise<Buffer>,
): Promise<Buffer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    return await read(late.signal);
  } catch (error) {
    if (!late.signal.aborted || incoming.destroyed) throw error;
    throw new ApiError(`read body: it has not come within ${String(ms / 1000)} s`, 'ERR_SLOW');
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(most: number): ApiError {
  return new ApiError(`read body: it is longer than ${String(most / 1024)} KiB`, 'ERR_TOO_LARGE');
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new ApiError(`read body: it is not JSON: ${reason}`, 'ERR_REQUEST');
  }
}
