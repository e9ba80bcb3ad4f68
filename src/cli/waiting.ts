import { formatDuration } from '../util/duration.js';
import { now } from '../util/now.js';

/** Containers whose end is waited for, as the line of progress tells of them. */
export class Waiting {
  /** When each is killed; `undefined` as long as that is not known. */
  readonly #killAt = new Map<string, number | undefined>();

  /** Which are still waited for, in words. */
  get names(): string {
    return listNames([...this.#killAt.keys()]);
  }

  /** Does something that ends a container. @param act - is given what is to be told once it is known when it will be killed */
  async until<Result>(id: string, act: (onAsked: (graceMs: number) => void) => Promise<Result>): Promise<Result> {
    this.#killAt.set(id, undefined);
    try {
      return await act((graceMs) => this.#killAt.set(id, now() + graceMs));
    } finally {
      this.#killAt.delete(id);
    }
  }

  /** `web: waiting for it to end, kill in 8s`; of several, the first kill is told of. */
  describe(): string {
    const [only, ...others] = this.#killAt.keys();
    if (only === undefined) return '';
    const times = [...this.#killAt.values()].filter((time) => time !== undefined);
    const who = others.length === 0 ? `${only}: waiting for it` : `waiting for ${this.names}`;
    return `${who} to end${times.length === 0 ? '' : `, kill in ${formatRest(Math.min(...times) - now())}`}`;
  }
}

// Whole seconds: the last one is the first that is not full any more.
function formatRest(ms: number): string {
  return ms <= 0 ? '0s' : formatDuration(Math.ceil(ms / 1000) * 1000);
}

const SHOWN = 3;

/** Returns names in words: `web`, `web and db`, `web, db, queue and 7 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.length <= SHOWN ? names : [...names.slice(0, SHOWN), `${String(names.length - SHOWN)} more`];
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}
