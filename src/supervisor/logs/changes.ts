import { type Watch, watchFiles } from './watch.js';

/** How often those look who wait, for the case that they were not told. */
const LOOK_MS = 5000;

/** The changes in a directory, for one who waits for the next one. */
export class Changes implements Disposable {
  readonly #watch: Watch;
  readonly #signals: readonly AbortSignal[];
  readonly #until: number;
  #hasChanged = false;
  #wake: (() => void) | undefined;

  /**
   * @param directory - nothing is told where it is missing
   * @param options - `signals`: what else ends a wait; `until`: likewise, milliseconds since 1970
   */
  constructor(
    directory: string,
    { signals, until = Infinity }: { readonly signals: readonly AbortSignal[]; readonly until?: number | undefined },
  ) {
    this.#signals = signals;
    this.#until = until;
    this.#watch = watchFiles([directory], this.#tell, this.#tell);
    for (const signal of signals) signal.addEventListener('abort', this.#tell);
  }

  /** Returns once something has changed since the last call, or the first one. Waiting keeps the process alive. */
  async next(): Promise<void> {
    if (!this.#hasChanged) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, Math.max(0, Math.min(LOOK_MS, this.#until - Date.now())));
      });
      clearTimeout(timer);
    }
    this.#hasChanged = false;
  }

  [Symbol.dispose](): void {
    this.#watch.close();
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#tell);
  }

  readonly #tell = (): void => {
    this.#hasChanged = true;
    this.#wake?.();
  };
}
