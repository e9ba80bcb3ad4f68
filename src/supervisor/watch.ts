import type { Containers } from '../container/containers.js';
import { EventQueue } from '../container/events/queue.js';
import type { ContainerEvents } from '../container/events/watch.js';
import { ApiError } from '../errors/api-error.js';
import { checkName } from '../spec/parse/name.js';
import type { SupervisedEvent } from './events.js';

/** Which events, and until when. */
export interface WatchOptions {
  readonly names?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when an event happens: what the watcher is told of it; `undefined` for nothing. @default all, as it is */
  readonly see?: ((event: SupervisedEvent) => SupervisedEvent | undefined) | undefined;
}

/** How many events are kept for somebody who does not take them. */
export const MOST_WAITING = 5000;

interface Watcher {
  readonly queue: EventQueue<SupervisedEvent>;
  readonly see: (event: SupervisedEvent) => SupervisedEvent | undefined;
}

/**
 * Tells what becomes of containers: of each run, and what the supervisor tells besides. However many watch, the containers are watched
 * once, for that takes descriptors of each.
 */
export class EventHub {
  readonly #containers: Pick<Containers, 'events'>;
  readonly #watchers = new Set<Watcher>();
  #lower: ContainerEvents | undefined;

  constructor(containers: Pick<Containers, 'events'>) {
    this.#containers = containers;
  }

  /**
   * Watches from the call on, until the iteration ends, or the signal is aborted: what is known by then is still given. Who is too slow is
   * told so, with ERR_SLOW.
   *
   * @throws OptionError for a name that is none; ContainerError when the directory of the state cannot be watched
   */
  watch({ names, signal, see = (event) => event }: WatchOptions): EventQueue<SupervisedEvent> {
    for (const name of names ?? []) checkName(name, 'names');
    this.#begin();
    const isMeant = ({ id }: SupervisedEvent): boolean => names?.includes(id) !== false;
    const end = (): void => queue.end();
    const queue = new EventQueue<SupervisedEvent>(() => {
      signal?.removeEventListener('abort', end);
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#finish();
    });
    const watcher: Watcher = { queue, see: (event) => (isMeant(event) ? see(event) : undefined) };
    this.#watchers.add(watcher);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    return queue;
  }

  /** Tells all who watch. */
  tell(event: SupervisedEvent): void {
    for (const { queue, see } of [...this.#watchers]) {
      const seen = see(event);
      if (seen === undefined) continue;
      if (queue.length < MOST_WAITING) queue.push(seen);
      else queue.fail(new ApiError(`watch events: ${String(MOST_WAITING)} of them were not taken`, 'ERR_SLOW'));
    }
  }

  #begin(): void {
    if (this.#lower !== undefined) return;
    const lower = this.#containers.events();
    this.#lower = lower;
    void this.#passOn(lower);
  }

  #finish(): void {
    const lower = this.#lower;
    this.#lower = undefined;
    void lower?.return?.();
  }

  async #passOn(lower: ContainerEvents): Promise<void> {
    try {
      for await (const event of lower) if (this.#lower === lower) this.tell(event);
    } catch (error) {
      if (this.#lower !== lower) return;
      this.#lower = undefined;
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const { queue } of [...this.#watchers]) queue.fail(failure);
    }
  }
}
