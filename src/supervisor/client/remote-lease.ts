import { setTimeout as delay } from 'node:timers/promises';
import { isContainerError } from '../../errors/container-error.js';
import type { CreatedContainer, LeaseLine } from '../api/answers.js';
import { hangUp } from './channel.js';
import { readJsonLines } from './json-lines.js';
import { restoreError } from './restore-error.js';
import { type Asked, type Opened, type Transport, broken } from './transport.js';

/** How often, and how soon, a lease is taken up again with the next supervisor. */
const TRIES = 20;
const PAUSE_MS = 250;

/** Makes a container that lives until a signal is aborted, or this process is gone. @returns the container */
export async function createLeased(transport: Transport, body: unknown, lease: AbortSignal): Promise<CreatedContainer> {
  lease.throwIfAborted();
  const { id, container } = await hold(transport, await transport.open('create', { body, signal: lease }), lease);
  return { ...(container as CreatedContainer), id };
}

/** Has a container that is there live until then. */
export async function remoteLease(transport: Transport, id: string, lease: AbortSignal): Promise<void> {
  lease.throwIfAborted();
  await hold(transport, await transport.open('lease', asked(id, lease)), lease);
}

function asked(id: string, signal: AbortSignal): Asked {
  return { params: { id }, signal };
}

async function hold(
  transport: Transport,
  opened: Opened,
  lease: AbortSignal,
): Promise<{ readonly id: string; readonly container: object }> {
  const lines = readJsonLines(opened.answer) as AsyncGenerator<LeaseLine, void>;
  const first = await lines.next().catch((error: unknown) => {
    lease.throwIfAborted();
    throw broken('lease', error);
  });
  if (first.done === true) throw broken('lease');
  const { container } = first.value;
  if (container === undefined) throw restoreError(first.value);
  // A process that has nothing else to do ends, and its lease with it.
  opened.request.socket?.unref();
  void follow(transport, { opened, lines, id: container.id }, lease);
  return { id: container.id, container };
}

interface Held {
  readonly opened: Opened;
  readonly lines: AsyncGenerator<LeaseLine, void>;
  readonly id: string;
}

// The supervisor may die; the next one gives its holders some seconds.
async function follow(transport: Transport, { opened, lines, id }: Held, lease: AbortSignal): Promise<void> {
  try {
    for await (const line of lines) if (line.end !== undefined || 'error' in line) return;
  } catch {
    // Its connection has gone, as where it ends in the middle.
  } finally {
    hangUp(opened);
  }
  for (let attempt = 1; attempt <= TRIES && !lease.aborted; attempt++) {
    try {
      await hold(transport, await transport.open('lease', asked(id, lease)), lease);
      return;
    } catch (error) {
      if (isContainerError(error) && error.code === 'ERR_NOT_FOUND') return;
      await delay(PAUSE_MS, undefined, { ref: false });
    }
  }
}
