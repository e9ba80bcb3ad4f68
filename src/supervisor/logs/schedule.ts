/** Something that is to happen once, soon or after a while. */
export class Schedule {
  readonly #run: () => void;
  #cancel: (() => void) | undefined;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Has it happen, unless it is to happen anyway. It keeps the process alive only when it is at once. @param ms - milliseconds */
  after(ms: number): void {
    if (this.#cancel !== undefined) return;
    const run = (): void => {
      this.#cancel = undefined;
      this.#run();
    };
    if (ms > 0) {
      const timer = setTimeout(run, ms).unref();
      this.#cancel = () => {
        clearTimeout(timer);
      };
    } else {
      const immediate = setImmediate(run);
      this.#cancel = () => {
        clearImmediate(immediate);
      };
    }
  }

  /** It is not to happen. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
