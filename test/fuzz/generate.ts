import fc from 'fast-check';
import { CONFIG } from '../../src/spec/config/config.js';
import type { Json, JsonObject } from '../../src/spec/config/json.js';
import type { Reader } from '../../src/spec/config/read.js';
import { minimalConfig } from '../helpers/configs.js';
import { merge } from '../unit/spec/config/cases.js';

/** Values that some field takes, by the name of the field. */
export type Seen = ReadonlyMap<string, readonly Json[]>;

/** Returns all values of the documents, by the name of the field that they are in. */
export function collectValues(documents: readonly Json[]): Seen {
  const seen = new Map<string, Json[]>();
  const visit = (value: Json, name: string): void => {
    if (Array.isArray(value)) {
      for (const each of value as readonly Json[]) visit(each, name);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, each = null] of Object.entries(value)) visit(each, key);
    } else {
      seen.set(name, [...(seen.get(name) ?? []), value]);
    }
  };
  for (const each of documents) visit(each, '');
  return seen;
}

/**
 * Returns config.json documents that may have any field that corral reads, mostly with values that such a field takes.
 *
 * @param seen - where the values come from
 * @param base - what all of them have, too
 */
export function arbitraryConfig(seen: Seen, base: Record<string, Json> = minimalConfig()): fc.Arbitrary<Json> {
  // With these, more of them get as far as the rules between fields.
  return arbitraryOf(CONFIG, '', seen).map((value) =>
    isObject(value) ? merge(base, value as Record<string, Json>) : value,
  );
}

const MOST_FIELDS = 3;
const SMALL = 6;

function arbitraryOf(reader: Reader<unknown>, name: string, seen: Seen): fc.Arbitrary<Json> {
  const { fields, item } = reader;
  if (fields !== undefined) {
    const parts = new Map(Object.entries(fields).map(([key, each]) => [key, arbitraryOf(each, key, seen)]));
    // A few at a time: with all of them, one that is wrong would hide the others nearly always.
    const keys = [...parts.keys()];
    const few = fc.subarray(keys, { maxLength: Math.min(MOST_FIELDS, keys.length) });
    // Small ones are mostly of required fields.
    const chosen = keys.length <= SMALL ? fc.oneof(fc.constant(keys), fc.subarray(keys)) : few;
    return mostly(
      chosen.chain((names) => fc.record(Object.fromEntries(names.map((key) => [key, parts.get(key) ?? fc.nat()])))),
    );
  }
  if (item !== undefined) {
    const each = arbitraryOf(item, name, seen);
    const maps = fc.dictionary(fc.constantFrom(...(NAMES[name] ?? ['a'])), each, { maxKeys: 2 });
    return mostly(NAMES[name] === undefined ? fc.array(each, { maxLength: 2 }) : maps.map((map) => ({ ...map })));
  }
  const values = seen.get(name) ?? [];
  return mostly(values.length > 0 ? fc.constantFrom(...values) : fc.oneof(fc.boolean(), fc.nat(), fc.string()));
}

/** Of the fields that are maps, the names of entries that make sense. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  annotations: ['com.example.a', 'dev.corral.nest'],
  sysctl: ['net.ipv4.ip_forward', 'kernel/shmmax', 'kernel.panic'],
  netDevices: ['eth0', 'eth1'],
  timeOffsets: ['monotonic', 'boottime'],
  rdma: ['mlx5_0'],
  unified: ['memory.high', 'io.max', 'cgroup.freeze', 'cgroup.kill', 'cgroup.procs', '../cgroup.procs', 'pids.max'],
};

function mostly(arbitrary: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.oneof(
    { arbitrary, weight: 60 },
    { arbitrary: fc.constantFrom<Json>(null, '', 0, -1, true, [], {}, 18446744073709551615n, 'x'), weight: 1 },
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
