import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Containers } from '../container/containers.js';
import { EventQueue } from '../container/events/queue.js';
import { stateDirectory } from '../container/store.js';
import type { Client } from '../supervisor/client/client.js';
import type { SupervisedEvent } from '../supervisor/events.js';
import type { VerbContext } from './verb.js';

/** What only a supervisor knows. The rest is told by the containers themselves, and by the kernel. */
const ITS_OWN: readonly SupervisedEvent['type'][] = ['restarting', 'health', 'adopted', 'removed'];

/**
 * Watches all containers from now on, with what the supervisor does with its own, whenever one runs: none is started for that.
 *
 * @param names - only these; all where there are none
 */
export async function* watchFleet(
  context: VerbContext,
  names: readonly string[],
): AsyncGenerator<SupervisedEvent, void> {
  const over = new AbortController();
  const options = { ...(names.length === 0 ? {} : { names }), signal: over.signal };
  const queue = new EventQueue<SupervisedEvent>(() => over.abort());
  const containers = new Containers(context).events(options);
  void pass(containers, queue, () => true);
  using supervisors = watchSupervisors(context, (client) => {
    // It goes, and another comes: that is no error.
    pass(client.events(options), queue, ({ type }) => ITS_OWN.includes(type), client).catch(() => undefined);
  });
  try {
    await supervisors.look();
    yield* queue;
  } finally {
    over.abort();
  }
}

async function pass(
  events: AsyncIterable<SupervisedEvent>,
  queue: EventQueue<SupervisedEvent>,
  isWanted: (event: SupervisedEvent) => boolean,
  client?: Client,
): Promise<void> {
  try {
    for await (const event of events) if (isWanted(event)) queue.push(event);
  } catch (error) {
    if (client === undefined) queue.fail(error instanceof Error ? error : new Error(String(error)));
  } finally {
    client?.close();
  }
}

const LOCK = 'supervisor.lock';

/** How often is tried to reach one that has just begun, and how soon. */
const TRIES = 20;
const PAUSE_MS = 50;

/** Finds each supervisor that comes: it writes its lock, which the directory tells of. */
function watchSupervisors(
  { stateDir }: VerbContext,
  onFound: (client: Client) => void,
): Disposable & { readonly look: () => Promise<void> } {
  const find = async (tries: number): Promise<void> => {
    const { connect } = await import('../supervisor/connect.js');
    for (let attempt = 1; attempt <= tries; attempt++) {
      try {
        onFound(await connect({ stateDir, start: false }));
        return;
      } catch {
        await delay(PAUSE_MS, undefined, { ref: false });
      }
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const directory = stateDirectory(stateDir, process.geteuid?.() ?? 0, process.env);
  const watcher: FSWatcher = watch(directory, (_event, file) => {
    if (file !== LOCK) return;
    clearTimeout(timer);
    // Emptied and written: once.
    timer = setTimeout(() => void find(TRIES), PAUSE_MS);
  });
  return {
    look: () => find(1),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
