import { isatty } from 'node:tty';
import { now } from '../util/now.js';
import { coverWith, errorWidth, printOver } from './print.js';

/** When nobody wants to see how far something is. */
export interface ProgressOptions {
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** What is done quicker than this needs no words. */
const PATIENCE_MS = 1000;
const INTERVAL_MS = 250;

/**
 * Does something, and shows how far it is on the last line of standard error: only on a terminal, only from the second second on,
 * and only until it is done. What is printed meanwhile stands above it.
 *
 * @param say - returns the line, by how many milliseconds it has taken so far; empty: nothing is to be said just now
 */
export async function withProgress<Result>(
  { quiet = false, json = false }: ProgressOptions,
  say: (elapsedMs: number) => string,
  act: () => Promise<Result>,
): Promise<Result> {
  if (quiet || json) return act();
  const startedAt = now();
  const line = new ProgressLine(() => say(now() - startedAt));
  try {
    return await act();
  } finally {
    line.end();
  }
}

/** The line, as it is drawn again and again. */
class ProgressLine {
  readonly #say: () => string;
  #timer: NodeJS.Timeout;
  #isShown = false;

  constructor(say: () => string) {
    this.#say = say;
    this.#timer = setTimeout(this.#begin, PATIENCE_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#clear();
    coverWith(undefined);
  }

  // Nobody is asked about terminals before it is known that there is something to say.
  readonly #begin = (): void => {
    if (!isatty(2) || process.env['TERM'] === 'dumb') return;
    this.#timer = setInterval(this.#draw, INTERVAL_MS).unref();
    coverWith(this.#clear);
    this.#draw();
  };

  readonly #draw = (): void => {
    const text = this.#say();
    this.#clear();
    if (text === '') return;
    // One column is left free: some terminals go on to the next line when the last one is full.
    printOver(text.slice(0, Math.max(0, errorWidth() - 1)));
    this.#isShown = true;
  };

  readonly #clear = (): void => {
    if (this.#isShown) printOver('\r\u001b[K');
    this.#isShown = false;
  };
}
