/** One thing to take back, with the words for it. */
interface Undo {
  readonly what: string;
  readonly run: () => void | Promise<void>;
}

/**
 * A stack of things to take back: what is made is pushed with its undoing, and a failure unwinds it, last first.
 *
 * Every entry runs even when an earlier one fails; what failed is returned, never thrown, so that the error that led here
 * stays the one that is reported.
 */
export class UndoStack {
  readonly #entries: Undo[] = [];

  push(what: string, run: () => void | Promise<void>): void {
    this.#entries.push({ what, run });
  }

  /** Forgets all entries: what was made now belongs to somebody else. */
  release(): void {
    this.#entries.length = 0;
  }

  /** Takes everything back. @returns the failures, with what was being undone */
  async unwind(): Promise<{ readonly what: string; readonly error: unknown }[]> {
    const failures: { what: string; error: unknown }[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.run();
      } catch (error) {
        failures.push({ what: entry.what, error });
      }
    }
    return failures;
  }
}
