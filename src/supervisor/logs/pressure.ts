import type { LogEvents } from './container-log.js';

/** What a terminal has shown is kept in memory only as long as the log cannot be written. More than that is too much. */
const MANY_BYTES = 1024 * 1024;

/** With no more than that there is time to go on. */
const FEW_BYTES = 64 * 1024;

/** Tells when too much of what a terminal has shown is not in the log yet, and when that is over. */
export class Pressure {
  readonly #events: LogEvents;
  #isBehind = false;

  constructor(events: Pick<LogEvents, 'onBehind' | 'onCaughtUp'>) {
    this.#events = events;
  }

  /** Takes how much that is, in bytes. */
  tell(unread: number): void {
    if (!this.#isBehind && unread > MANY_BYTES) {
      this.#isBehind = true;
      this.#events.onBehind?.();
    } else if (this.#isBehind && unread <= FEW_BYTES) {
      this.#isBehind = false;
      this.#events.onCaughtUp?.();
    }
  }
}
