/** Those who wait for something to become so. */
export class Waiters {
  readonly #looks = new Set<() => void>();

  /** Has all of them look: something has changed. */
  look(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Waits. @throws the reason of the signal, when it is aborted first */
  async until(isSo: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (isSo()) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#looks.delete(look);
        reject(signal?.reason as Error);
      };
      const look = (): void => {
        if (!isSo()) return;
        this.#looks.delete(look);
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      this.#looks.add(look);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
