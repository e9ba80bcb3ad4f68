import { ConfigError } from '../../errors/config-error.js';
import type { Json, JsonObject } from './json.js';

/** Takes a value of a config.json, which is undefined where there is none, and returns what it means. */
export interface Reader<T> {
  (value: Json | undefined, place: Place): T;
  /** Of an object, the readers of its properties. */
  readonly fields?: Readonly<Record<string, Reader<unknown>>>;
  /** Of a list or a map, the reader of its items. */
  readonly item?: Reader<unknown>;
  /** It only says that this is not to be had. */
  readonly isRefused?: true;
}

/** Where in a config.json the reading is, and what there is to say besides. */
export class Place {
  readonly #path: (string | number)[] = [];
  readonly warnings: string[] = [];

  /** Reads an item of what is here. After a refusal the place is where that was: nothing is read any more. */
  read<T>(reader: Reader<T>, value: Json | undefined, key: string | number): T {
    this.#path.push(key);
    const result = reader(value, this);
    this.#path.pop();
    return result;
  }

  /** Says what is odd here and no error. */
  warn(text: string): void {
    this.warnings.push(`${this.pointer()}: ${text}`);
  }

  /**
   * @param path - where the value is, seen from here
   * @throws ConfigError, always
   */
  refuse(value: unknown, expected: string, ...path: readonly (string | number)[]): never {
    this.#path.push(...path);
    throw new ConfigError(this.pointer(), value, expected);
  }

  /** @see RFC 6901 "JSON Pointer" */
  pointer(): string {
    return this.#path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }
}

type OptionalKey<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** A reader for each property of T. */
export type Fields<T> = { readonly [K in keyof T]-?: Reader<K extends OptionalKey<T> ? T[K] | undefined : T[K]> };

/** Of properties that T has no place for: they are checked, or refused. */
type OtherFields = Readonly<Record<string, Reader<undefined>>>;

/**
 * Returns a reader of objects. Properties that are not listed are ignored; `null` is taken for absent, as the engines do.
 *
 * @see runtime-spec 1.3.0, config.md "Extensibility"
 */
export function object<T extends object>(fields: Fields<T>, others: OtherFields = {}): Reader<T> {
  const all: Readonly<Record<string, Reader<unknown>>> = { ...fields, ...others };
  const entries = Object.entries(all);
  const read = (value: Json | undefined, place: Place): T => {
    const given = isObject(value) ? value : place.refuse(value, 'an object');
    const result: Record<string, unknown> = {};
    for (const [name, reader] of entries) {
      const item = place.read(reader, given[name] ?? undefined, name);
      if (item !== undefined) result[name] = item;
    }
    return result as T;
  };
  return Object.assign(read, { fields: all });
}

/** Returns a reader of lists. */
export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  const read = (value: Json | undefined, place: Place): readonly T[] => {
    const given = Array.isArray(value) ? (value as readonly Json[]) : place.refuse(value, 'a list');
    return given.map((each, index) => place.read(item, each, index));
  };
  return Object.assign(read, { item });
}

/** Returns a reader of objects whose properties are all alike. */
export function map<T>(item: Reader<T>): Reader<Readonly<Record<string, T>>> {
  const read = (value: Json | undefined, place: Place): Readonly<Record<string, T>> => {
    const given = isObject(value) ? value : place.refuse(value, 'an object');
    return Object.fromEntries(
      Object.entries(given).map(([name, each]) => {
        if (NOT_TEXT.test(name)) place.refuse(name, `${TEXT} as the name of a property`);
        return [name, place.read(item, each, name)];
      }),
    );
  };
  return Object.assign(read, { item });
}

/** Returns a reader of a property that need not be there. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return wrap(reader, (value, place) => (value === undefined ? undefined : reader(value, place)));
}

/** Returns a reader of a property that has a default. */
export function withDefault<T>(reader: Reader<T>, value: T): Reader<T> {
  return wrap(reader, (given, place) => (given === undefined ? value : reader(given, place)));
}

/** Returns a reader that checks further, or makes something else of what another one has read. */
export function refine<T, U>(reader: Reader<T>, check: (value: T, place: Place) => U): Reader<U> {
  return wrap(reader, (value, place) => check(reader(value, place), place));
}

function wrap<T>(inner: Reader<unknown>, read: (value: Json | undefined, place: Place) => T): Reader<T> {
  const { fields, item } = inner;
  return Object.assign(read, { ...(fields && { fields }), ...(item && { item }) });
}

/** Returns a reader of a property that must not be there. */
export function refused(expected: string): Reader<undefined> {
  const read = (value: Json | undefined, place: Place): undefined =>
    value === undefined ? undefined : place.refuse(value, expected);
  return Object.assign(read, { isRefused: true as const });
}

/** Returns a reader of texts of a form. */
export function textOf(form: RegExp, expected: string): Reader<string> {
  return (value, place) =>
    typeof value === 'string' && !NOT_TEXT.test(value) && form.test(value) ? value : place.refuse(value, expected);
}

// Neither can be passed to the kernel: it would see another text.
const NOT_TEXT = /[\0\p{Cs}]/u;
const TEXT = 'text without NUL bytes';

/** Any text. */
export const text: Reader<string> = (value, place) =>
  typeof value === 'string' && !NOT_TEXT.test(value) ? value : place.refuse(value, TEXT);

/** Text that says nothing when it is empty: engines leave such fields empty. */
export const textOrNothing: Reader<string | undefined> = (value, place) =>
  value === undefined || value === '' ? undefined : text(value, place);

/** Returns a reader of one word of several. */
export function oneOf<T extends string>(words: readonly T[], expected: string = words.join(', ')): Reader<T> {
  return (value, place) => words.find((word) => word === value) ?? place.refuse(value, expected);
}

export const flag: Reader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : place.refuse(value, 'true or false');

/** Returns a reader of whole numbers within bounds, both included. */
export function integer(min: number, max: number, expected: string): Reader<number> {
  return (value, place) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : place.refuse(value, expected);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
