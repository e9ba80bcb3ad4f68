import { OptionError } from '../errors/option-error.js';

/** As with docker and podman. */
export const DETACH_KEYS = 'ctrl-p,ctrl-q';

/**
 * Reads keys such as `ctrl-p,ctrl-q` or `a`.
 *
 * @returns the bytes that a terminal sends for them; none for an empty text: nothing detaches
 * @throws OptionError
 */
export function parseDetachKeys(text: string, option: string): Uint8Array {
  if (text === '') return new Uint8Array();
  return Uint8Array.from(
    text.split(',').map((key) => {
      const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
      if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
      if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
      throw new OptionError(
        option,
        text,
        `keys such as ${DETACH_KEYS}: single letters, or ctrl- and one, with commas between`,
      );
    }),
  );
}

/** Looks for the keys in what is typed. What may be their beginning is kept until it is known. */
export class KeyWatch {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** @returns what is to be handed on of it, and whether the keys were typed, after which nothing is */
  take(typed: Uint8Array): { readonly passed: Uint8Array; readonly found: boolean } {
    const passed: number[] = [];
    for (const byte of typed) {
      if (this.#keys.length > 0 && this.#step(byte, passed)) return { passed: Uint8Array.from(passed), found: true };
      if (this.#keys.length === 0) passed.push(byte);
    }
    return { passed: Uint8Array.from(passed), found: false };
  }

  // The longest end of what was kept that is a beginning of the keys again goes on to be kept: `a,a,b` is in `aaab`.
  #step(byte: number, passed: number[]): boolean {
    const kept = [...this.#keys.subarray(0, this.#matched), byte];
    while (!this.#begins(kept)) passed.push(kept.shift() ?? byte);
    this.#matched = kept.length;
    return this.#matched === this.#keys.length;
  }

  #begins(bytes: readonly number[]): boolean {
    return bytes.every((byte, index) => this.#keys[index] === byte);
  }
}
