import { Timer } from '../util/timer.js';

/** How long the maker of a container has to come back after the death of a supervisor, with which its connection went. */
const GRACE_MS = 10_000;

/** Who keeps which container alive. */
export class Leases {
  readonly #onOver: (id: string) => void;
  readonly #holders = new Map<string, Set<AbortSignal>>();
  readonly #expected = new Map<string, Timer>();

  /** @param onOver - told when nobody holds a container any more */
  constructor(onOver: (id: string) => void) {
    this.#onOver = onOver;
  }

  /** Keeps a container alive until the signal is aborted. */
  hold(id: string, signal: AbortSignal): void {
    this.#expected.get(id)?.clear();
    this.#expected.delete(id);
    const holders = this.#holders.get(id) ?? new Set();
    this.#holders.set(id, holders);
    holders.add(signal);
    const over = (): void => {
      holders.delete(signal);
      if (holders.size > 0 || this.#holders.get(id) !== holders) return;
      this.#holders.delete(id);
      this.#onOver(id);
    };
    signal.addEventListener('abort', over, { once: true });
    if (signal.aborted) over();
  }

  /** Waits for somebody to hold it, for a while. */
  expect(id: string): void {
    const timer = new Timer();
    this.#expected.set(id, timer);
    timer.set(GRACE_MS, () => {
      this.#expected.delete(id);
      this.#onOver(id);
    });
  }

  /** Nothing is over any more: the connections go with this process, and their makers come back to the next one. */
  leave(): void {
    for (const timer of this.#expected.values()) timer.clear();
    this.#expected.clear();
    this.#holders.clear();
  }

  /** It is gone, and another may have its name. */
  forget(id: string): void {
    this.#expected.get(id)?.clear();
    this.#expected.delete(id);
    this.#holders.delete(id);
  }
}
