/** The longest that setTimeout waits; beyond, it does not wait at all. */
const MOST_MS = 2 ** 31 - 1;

/** A timer of any length, which does not keep the process alive. */
export class Timer {
  #handle: NodeJS.Timeout | undefined;

  /** Calls back once, after so many milliseconds; what it was set to before is forgotten. */
  set(delayMs: number, callback: () => void): void {
    this.clear();
    const first = Math.min(Math.max(delayMs, 0), MOST_MS);
    this.#handle = setTimeout(() => {
      if (delayMs > first) this.set(delayMs - first, callback);
      else callback();
    }, first);
    this.#handle.unref();
  }

  /** Has it not call back. */
  clear(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}
