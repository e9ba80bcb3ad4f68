import { setTimeout as delay } from 'node:timers/promises';
import { isContainerError } from '../../src/errors/container-error.js';
import type { Client } from '../../src/supervisor/client/client.js';
import type { Actor } from './crash-stage.js';

/** What can be asked for a container, and be asked again when nobody knows whether it was done. */
export type Verb = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'resume' | 'create' | 'remove' | 'exec' | 'logs';

/** What has been asked of one container, and until it has been done. */
export interface Request {
  readonly verb: Verb;
  readonly actor: Actor;
}

/** How a request went. `gone`: the supervisor did, before it had answered. */
export type Outcome = 'done' | 'refused' | 'gone';

/** Asks for something. What a container's life does not allow at that moment is `refused`. */
export async function ask(client: Client, { verb, actor }: Request): Promise<Outcome> {
  try {
    await ACTS[verb](client, actor);
    return 'done';
  } catch (error) {
    if (!isContainerError(error)) throw error;
    if (error.code === 'ERR_CONNECTION') return 'gone';
    if (REFUSALS.includes(error.code)) return 'refused';
    throw error;
  }
}

/** Asks until it has been done; each request may have been half done before. */
export async function askAgain(client: Client, request: Request): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await ask(client, request);
    if (outcome !== 'gone' || attempt === 5) return outcome;
    await delay(20);
  }
}

// ESRCH: it has ended while it was being entered.
const REFUSALS: readonly string[] = ['ERR_STATE', 'ERR_NOT_FOUND', 'ERR_ALREADY_EXISTS', 'ESRCH'];

const ACTS: Readonly<Record<Verb, (client: Client, actor: Actor) => Promise<unknown>>> = {
  start: (client, { id }) => client.start(id),
  stop: (client, { id }) => client.stop(id, { gracePeriod: 300 }),
  restart: (client, { id }) => client.restart(id, { gracePeriod: 300 }),
  kill: (client, { id }) => client.kill(id),
  pause: (client, { id }) => client.pause(id),
  resume: (client, { id }) => client.resume(id),
  create: (client, { options }) => client.create(options),
  remove: (client, { id }) => client.remove(id, { force: true }),
  exec: async (client, { id }) => {
    const running = await client.exec(id, ['sh', '-c', 'echo said; exit 7']);
    const chunks: Uint8Array[] = [];
    for await (const chunk of running.stdout ?? []) chunks.push(chunk as Uint8Array);
    const { exitCode } = await running.exited;
    const said = Buffer.concat(chunks).toString();
    // One that was killed with its container says less.
    if (exitCode !== null && (exitCode !== 7 || said !== 'said\n'))
      throw new Error(`exec in ${id} ended with ${String(exitCode)}, and said ${JSON.stringify(said)}`);
  },
  logs: async (client, { id }) => {
    const lines = client.logs(id, { tail: 5 });
    while ((await lines.next()).done !== true);
  },
};
