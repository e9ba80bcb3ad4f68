/** Values that are made by callbacks and taken by an iteration. */
export class EventQueue<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #values: T[] = [];
  readonly #takers: {
    readonly resolve: (result: IteratorResult<T>) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  readonly #onEnd: () => void;
  #end: { readonly error?: Error } | undefined;

  /** @param onEnd - called once, when there will be no more values */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** How many values there are that nobody has taken yet. */
  get length(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    const taker = this.#takers.shift();
    if (taker === undefined) this.#values.push(value);
    else taker.resolve({ done: false, value });
  }

  /** Ends it once all values have been taken. */
  end(): void {
    this.#finish({});
  }

  /** The same, with an error. */
  fail(error: Error): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T>> {
    const [value] = this.#values;
    if (value !== undefined) {
      this.#values.shift();
      return Promise.resolve({ done: false, value });
    }
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    const { error } = this.#end;
    this.#end = {};
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  /** Ends it at once: the `break` of a `for await`. */
  return(): Promise<IteratorResult<T>> {
    this.#values.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error?: Error }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (end.error === undefined) resolve({ done: true, value: undefined });
      else reject(end.error);
    }
    this.#onEnd();
  }
}
