import { isUtf8 } from 'node:buffer';
import { ConfigError } from '../../errors/config-error.js';

/** What a JSON text can say. Whole numbers that a number cannot hold exactly are bigints. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;

/** Properties are own properties always, whatever their names. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** How deep lists and objects may nest; a config.json has ten levels. */
const MAX_DEPTH = 100;

/** Beyond this nobody means it: it is read as a number, which no field takes. */
const MAX_DIGITS = 40;

/** Of the text in an error. */
const MAX_SHOWN = 20;

/**
 * Reads a JSON text. Of properties that are there twice the last one counts, as for the engines, which are written in Go.
 *
 * JSON.parse would round what seccomp filters compare with, and RLIM_INFINITY.
 *
 * @throws ConfigError with an empty pointer, naming line and column
 * @see RFC 8259
 */
export function parseJson(source: Uint8Array | string): Json {
  if (typeof source !== 'string' && !isUtf8(source)) throw new ConfigError('', undefined, 'JSON: it is not UTF-8');
  // A byte order mark is no part of the text. @see RFC 8259 "Character Encoding"
  const text = (
    typeof source === 'string' ? source : Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString()
  ).replace(/^\ufeff/, '');
  return quickly(text) ?? new JsonReader(text).read();
}

// The same, six times faster, for what JSON.parse reads as exactly: no long number, no minus zero.
function quickly(text: string): Json | undefined {
  if (/[0-9]{16}|(?:^|[\s:,[])-0/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return isFlat(value, MAX_DEPTH) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFlat(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value as JsonObject).every((each = null) => isFlat(each, depth - 1));
}

const QUOTE = '"';
const BACKSLASH = '\\';
// Sticky: they match where the reader is, or nowhere.
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
// eslint-disable-next-line no-control-regex -- these are what a text must not have as they are
const NOT_PLAIN = /[\\\u0000-\u001f]/;

class JsonReader {
  readonly #text: string;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    const value = this.#value(0);
    if (this.#peek() !== '') this.#refuse('the end of the text');
    return value;
  }

  #value(depth: number): Json {
    switch (this.#peek()) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#list(depth + 1);
      case QUOTE:
        return this.#string();
      default:
        return this.#number() ?? this.#word();
    }
  }

  #object(depth: number): JsonObject {
    this.#open(depth);
    const result: Record<string, Json> = {};
    if (this.#take('}')) return result;
    do {
      if (this.#peek() !== QUOTE) this.#refuse('the name of a property, in quotes');
      const name = this.#string();
      if (!this.#take(':')) this.#refuse('a colon');
      // An assignment to this name would change what the object is.
      if (name === '__proto__')
        Object.defineProperty(result, name, {
          value: this.#value(depth),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      else result[name] = this.#value(depth);
    } while (this.#take(','));
    if (!this.#take('}')) this.#refuse('a comma, or the closing brace of an object');
    return result;
  }

  #list(depth: number): readonly Json[] {
    this.#open(depth);
    const result: Json[] = [];
    if (this.#take(']')) return result;
    do {
      result.push(this.#value(depth));
    } while (this.#take(','));
    if (!this.#take(']')) this.#refuse('a comma, or the closing bracket of a list');
    return result;
  }

  #open(depth: number): void {
    if (depth > MAX_DEPTH) this.#refuse(`a value: lists and objects nest deeper than ${MAX_DEPTH}`);
    this.#index += 1;
  }

  #string(): string {
    const start = this.#index;
    let end = start;
    do {
      end = this.#text.indexOf(QUOTE, end + 1);
      if (end < 0) this.#refuse('a text that ends: its closing quote is missing');
    } while (this.#isEscaped(end));
    this.#index = end + 1;
    const inside = this.#text.slice(start + 1, end);
    if (!NOT_PLAIN.test(inside)) return inside;
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string;
    } catch {
      this.#index = start;
      return this.#refuse('a text: a control character or a wrong escape is in it');
    }
  }

  #isEscaped(quote: number): boolean {
    let first = quote;
    while (this.#text[first - 1] === BACKSLASH) first -= 1;
    return (quote - first) % 2 === 1;
  }

  #number(): number | bigint | undefined {
    NUMBER.lastIndex = this.#index;
    const match = NUMBER.exec(this.#text);
    if (match === null) return undefined;
    const [digits, fraction, exponent] = match;
    this.#index += digits.length;
    // Minus zero is written as zero everywhere.
    const value = Number(digits) + 0;
    const isExact = Number.isSafeInteger(value) || fraction !== undefined || exponent !== undefined;
    return isExact || digits.length > MAX_DIGITS ? value : BigInt(digits);
  }

  #word(): boolean | null {
    WORD.lastIndex = this.#index;
    const [word = ''] = WORD.exec(this.#text) ?? [];
    this.#index += word.length;
    if (word === '') this.#refuse('a value');
    return word === 'null' ? null : word === 'true';
  }

  /** Skips white space; the next character, empty at the end. */
  #peek(): string {
    SPACE.lastIndex = this.#index;
    SPACE.test(this.#text);
    this.#index = SPACE.lastIndex;
    return this.#text[this.#index] ?? '';
  }

  #take(mark: string): boolean {
    const isNext = this.#peek() === mark;
    if (isNext) this.#index += 1;
    return isNext;
  }

  #refuse(expected: string): never {
    const before = this.#text.slice(0, this.#index);
    const found = this.#text.slice(this.#index, this.#index + MAX_SHOWN).replace(/\n.*/s, '');
    const where = `line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`;
    throw new ConfigError('', found === '' ? undefined : found, `${expected} (${where})`);
  }
}
