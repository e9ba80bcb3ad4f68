import { type Json, type JsonObject, parseJson } from '../../src/spec/config/json.js';
import { formatJson } from '../helpers/configs.js';
import { type Random, pick } from './random.js';

/** Values at the edges of what some field takes. */
const EDGES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  255,
  4095,
  65536,
  2147483648,
  4294967295,
  4294967296,
  9007199254740991,
  9007199254740992n,
  9223372036854771712n,
  18446744073709551615n,
  18446744073709551616n,
  -9223372036854775809n,
  '',
  '/',
  '.',
  '..',
  '/../..',
  '/proc/self/fd/3',
  'a\0b',
  '\ud800',
  '=',
  'a=b',
  'rbind',
  'ro',
  '-1',
  '0-4294967295',
  'é'.repeat(40),
  'x'.repeat(5000),
  [],
  {},
  [[[[[[]]]]]],
  { a: { b: { c: {} } } },
  Array.from({ length: 400 }, () => 'x'),
];

/**
 * Returns a config.json that is one of `corpus` with something changed: bytes, values, or the place of values.
 *
 * @param corpus - config.json files
 * @param random - decides what is changed, and how often
 */
export function mutateConfig(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const source = pick(corpus, random);
  if (random(3) === 0) return repeat(source, random, (bytes) => mutateBytes(bytes, random));
  const other = parseJson(pick(corpus, random));
  const value = repeat(parseJson(source), random, (given) => mutateValue(given, other, random));
  return Buffer.from(formatJson(value));
}

function repeat<T>(start: T, random: Random, change: (value: T) => T): T {
  let value = start;
  for (let times = 1 + random(4); times > 0; times--) value = change(value);
  return value;
}

/** Returns the bytes with a few of them changed, taken away, put in, or repeated. */
function mutateBytes(source: Uint8Array, random: Random): Uint8Array {
  const at = random(source.length + 1);
  const end = Math.min(source.length, at + 1 + random(random(2) === 0 ? 4 : 400));
  const [before, part, after] = [source.subarray(0, at), source.subarray(at, end), source.subarray(end)];
  switch (random(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, part, part, after]);
    case 2:
      return Buffer.concat([before, Buffer.from([random(256)]), part, after]);
    case 3:
      return Buffer.concat([
        before,
        Buffer.from(pick(['{', '}', '[', ']', ',', ':', '"', '\\', '-', '1e9', '9'.repeat(30)], random)),
        after,
      ]);
    case 4:
      return before;
    default:
      return Buffer.concat([before, part.map((byte) => byte ^ (1 << random(8))), after]);
  }
}

/** Returns the value with one of its parts replaced, removed, renamed, repeated, or taken from `other`. */
function mutateValue(value: Json, other: Json, random: Random): Json {
  const inside = partsOf(value);
  // Mostly deep inside, where the values are.
  if (inside.length > 0 && random(8) > 0) {
    const [key, part] = pick(inside, random);
    return withPart(value, key, mutateValue(part, partsOf(other).find(([name]) => name === key)?.[1] ?? other, random));
  }
  return isList(value) ? mutateList(value, other, random) : mutateOther(value, other, random);
}

type Key = string | number;

function partsOf(value: Json): readonly (readonly [Key, Json])[] {
  if (isList(value)) return value.map((each, index) => [index, each]);
  return isObject(value) ? Object.entries(value).map(([name, each = null]) => [name, each]) : [];
}

function withPart(value: Json, key: Key, part: Json): Json {
  if (isList(value)) return value.with(Number(key), part);
  return Object.fromEntries([...Object.entries(value as JsonObject), [key, part]]);
}

function mutateList(value: readonly Json[], other: Json, random: Random): Json {
  const at = random(value.length + 1);
  switch (random(4)) {
    case 0:
      return value.toSpliced(at, 1);
    case 1:
      return [...value, ...value.slice(at)];
    case 2:
      return [...value, pick(EDGES, random)];
    default:
      return mutateOther(value, other, random);
  }
}

function mutateOther(value: Json, other: Json, random: Random): Json {
  if (isObject(value) && random(4) > 0) return mutateObject(value, other, random);
  if (typeof value === 'number' && random(2) === 0) return value + pick([-1, 1, 0.5, 1e6, -value * 2], random);
  if (typeof value === 'string' && random(2) === 0) return mutateText(value, random);
  return random(4) === 0 ? other : pick(EDGES, random);
}

function mutateObject(value: JsonObject, other: Json, random: Random): Json {
  const names = Object.keys(value);
  const name = names.length === 0 ? 'x' : pick(names, random);
  const { [name]: part = null, ...rest } = value;
  switch (random(4)) {
    case 0:
      return rest;
    case 1:
      return { ...rest, [pick([name.toUpperCase(), '__proto__', 'constructor', ''], random)]: part };
    case 2:
      return { ...value, [name]: pick(EDGES, random) };
    default:
      return isObject(other) ? { ...value, ...other } : { ...value, x: other };
  }
}

function mutateText(value: string, random: Random): string {
  const at = random(value.length + 1);
  return (
    value.slice(0, at) + pick(['', '/', '..', '=', '\0', '-', 'é', ':', ' '], random) + value.slice(at + random(3))
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
