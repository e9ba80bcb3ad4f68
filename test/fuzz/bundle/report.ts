import type { Kind } from './cases.js';
import type { Ending } from './run-case.js';

/** What a worker says: that a case begins, and how it has ended. */
export type Report =
  | { readonly begins: number }
  | (Ending & {
      readonly index: number;
      readonly kind: Kind | 'a command line';
      /** The real program was started, rather than its code called. */
      readonly isProgram: boolean;
      readonly ms: number;
      /** What was there afterwards and had not been before. */
      readonly leaks: readonly string[];
    });

/** The report of a case's end. */
export type Ended = Extract<Report, { readonly index: number }>;

const MOST_SLOW = 5;
const MOST_TEXT = 300;

/** Counts how cases have ended. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;
  #programs = 0;
  #slowest: readonly Ended[] = [];

  add(ended: Ended): void {
    const { outcome, detail, kind, isProgram } = ended;
    this.#total += 1;
    this.#programs += isProgram ? 1 : 0;
    this.#slowest = [...this.#slowest, ended].toSorted((a, b) => b.ms - a.ms).slice(0, MOST_SLOW);
    for (const key of [`${outcome}: ${detail}`, outcome, `${kind}, ${outcome}`]) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    }
  }

  get total(): number {
    return this.#total;
  }

  /** Returns it as lines of text. */
  format(seconds: number): string {
    const of = (key: string): number => this.#counts.get(key) ?? 0;
    const [ran, refused] = [of('ran'), of('refused')];
    const lines = [...this.#counts]
      .filter(([key]) => key.includes(':') || key.includes(','))
      .toSorted(([, a], [, b]) => b - a)
      .map(([key, count]) => `${String(count).padStart(8)}  ${key}`);
    const head = [
      `${String(this.#total)} cases in ${seconds.toFixed(0)} s: ${String(ran)} ran, ${String(refused)} refused;`,
      `${String(this.#programs)} of them by the real program`,
    ];
    const slow = this.#slowest.map(({ index, ms, outcome, message, detail }) => {
      const text = `${ms.toFixed(0)} ms: case ${String(index)}, ${outcome}: ${message ?? detail}`;
      return text.slice(0, MOST_TEXT);
    });
    return [head.join(' '), ...lines, 'the slowest:', ...slow].join('\n');
  }
}
