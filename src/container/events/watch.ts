import { type FSWatcher, watch } from 'node:fs';
import { ContainerError } from '../../errors/container-error.js';
import { checkName } from '../../spec/parse/name.js';
import { STATE_SUFFIX } from '../state-file.js';
import type { Store } from '../store.js';
import { EventQueue } from './queue.js';
import { Tracker } from './tracker.js';
import type { ContainerEvent } from './types.js';

/** Which events, and until when. */
export interface EventOptions {
  /** Only of these containers, whether or not there are such yet. @default all of this user */
  readonly names?: readonly string[];
  /** Ends the iteration: what is known by then is still given. */
  readonly signal?: AbortSignal;
}

/** Events, as they happen. */
export type ContainerEvents = AsyncIterableIterator<ContainerEvent> & AsyncDisposable;

/**
 * Watches containers from the call on.
 *
 * A state file is made with a container, added to, and removed at its end. The directory tells of all that by name (inotify(7));
 * what is opened at once stays readable after its end, so that a container of a few milliseconds is not missed. Of one that is
 * gone before that, only its name is known. What the kernel tells beyond that comes from the container's cgroups.
 *
 * @throws OptionError for a name that is none; ContainerError when the directory cannot be trusted or watched
 */
export function watchContainers(store: Store, { names, signal }: EventOptions): ContainerEvents {
  for (const name of names ?? []) checkName(name, 'names');
  store.makeDirectory();
  return new Watch(store, names, signal).queue;
}

class Watch {
  readonly queue: EventQueue<ContainerEvent>;
  readonly #store: Store;
  readonly #names: readonly string[] | undefined;
  readonly #watcher: FSWatcher;
  readonly #over = new AbortController();
  /** By the name that each has now. */
  readonly #trackers = new Map<string, Tracker>();
  /** Those that are followed to their end, whoever has their name by now. */
  readonly #all = new Set<Tracker>();

  constructor(store: Store, names: readonly string[] | undefined, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#names = names;
    const end = (): void => {
      this.queue.end();
    };
    this.queue = new EventQueue(() => {
      signal?.removeEventListener('abort', end);
      this.#stop();
    });
    this.#watcher = watchDirectory(store.directory);
    this.#watcher.on('change', (event, file) => {
      this.#onChange(event, String(file));
    });
    this.#watcher.once('error', (error) => {
      this.queue.fail(toError(error));
    });
    for (const name of store.names()) if (this.#isMeant(name)) this.#track(name, false);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
  }

  #isMeant(name: string): boolean {
    return this.#names?.includes(name) !== false;
  }

  #onChange(event: string, file: string): void {
    const name = file.slice(0, -STATE_SUFFIX.length);
    if (!file.endsWith(STATE_SUFFIX) || !this.#isMeant(name) || this.#over.signal.aborted) return;
    try {
      if (event === 'rename') this.#onRename(name);
      else this.#trackers.get(name)?.look();
    } catch (error) {
      this.queue.fail(toError(error));
    }
  }

  // Of each name, making and removing come by turns.
  #onRename(name: string): void {
    const tracker = this.#trackers.get(name);
    if (tracker === undefined) this.#track(name, true);
    else if (tracker.isGone) this.#trackers.delete(name);
    else tracker.noteMaking();
  }

  #track(id: string, isNew: boolean): void {
    const tracker: Tracker = new Tracker(
      {
        id,
        path: this.#store.path(id),
        tell: (details, labels) => {
          const event = { time: new Date().toISOString(), id, labels, ...details };
          this.queue.push(event);
        },
        onError: (error) => {
          this.queue.fail(toError(error));
        },
        onEnd: () => this.#all.delete(tracker),
        signal: this.#over.signal,
      },
      isNew,
    );
    this.#trackers.set(id, tracker);
    if (!tracker.isGone) this.#all.add(tracker);
    tracker.look();
  }

  #stop(): void {
    this.#over.abort();
    this.#watcher.close();
    for (const tracker of this.#all) tracker.stop();
  }
}

function watchDirectory(path: string): FSWatcher {
  try {
    return watch(path);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new ContainerError(`watch ${path}: ${text}`, 'ERR_WATCH', {
      hint: 'the kernel gives each user so many watches: see fs.inotify.max_user_instances and max_user_watches in sysctl(8)',
      cause: error,
    });
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
