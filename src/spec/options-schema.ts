import * as v from 'valibot';
import { OptionError } from '../errors/option-error.js';
import { closest } from '../util/closest.js';
import type { ContainerOptions } from './options.js';

const OPTIONS = 'an object of options';
const NAMES_AND_VALUES = 'an object of names and values';

const text = v.string('text');
const flag = v.boolean('true or false');
const number = v.number('a number');
const size = v.union([v.number(), v.string()], 'a size such as 256M, or a number of bytes');
const list = v.array(text, 'a list');
const mode = v.picklist(['private', 'host'], 'private or host');
const variables = recordOf(v.union([v.string(), v.undefined()], 'text'));

const COUNT = 'a whole number, 1–65535';
const count = v.pipe(v.number(COUNT), v.integer(COUNT), v.minValue(1, COUNT), v.maxValue(65_535, COUNT));

const volume = v.union(
  [v.string(), v.strictObject({ source: v.string(), target: v.string(), readOnly: v.optional(v.boolean()) })],
  'of the form SRC:DST[:ro|rw], or an object with source, target and readOnly',
);

/** The shape of every option, by name. */
export const OPTION_SHAPES = {
  name: text,
  labels: recordOf(text),
  isolation: v.picklist(['full', 'cgroup'], 'full or cgroup'),
  rootfs: text,
  readOnly: flag,
  volumes: v.array(volume, 'a list'),
  tmpfs: list,
  expose: list,
  net: v.picklist(['private', 'none', 'host'], 'private, none or host'),
  userns: mode,
  pid: mode,
  ipc: mode,
  uts: mode,
  cgroupns: mode,
  hostname: text,
  sysctl: recordOf(text),
  nest: flag,
  api: flag,
  seccomp: v.union([v.string(), recordOf(v.unknown())], 'default, unconfined, the path of a profile, or an object'),
  init: flag,
  dieWithParent: flag,
  cgroupParent: text,
  cgroupDriver: v.picklist(['cgroupfs', 'systemd'], 'cgroupfs or systemd'),
  env: variables,
  cwd: text,
  user: text,
  groups: list,
  umask: v.pipe(
    number,
    v.integer('a whole number'),
    v.minValue(0, 'from 0 to 0o777'),
    v.maxValue(0o777, 'from 0 to 0o777'),
  ),
  capAdd: list,
  capDrop: list,
  noNewPrivileges: flag,
  ulimits: list,
  oomScoreAdj: v.pipe(
    number,
    v.integer('a whole number'),
    v.minValue(-1000, 'from -1000 to 1000'),
    v.maxValue(1000, 'from -1000 to 1000'),
  ),
  terminal: v.union(
    [v.boolean(), v.strictObject({ columns: count, rows: count })],
    'true, false or an object with columns and rows',
  ),
  memory: size,
  memorySwap: size,
  memoryReservation: size,
  cpus: v.union([v.number(), v.string()], 'a number of CPUs such as 1.5'),
  cpuShares: number,
  cpusetCpus: text,
  cpusetMems: text,
  pids: number,
  ioWeight: number,
  deviceReadBps: list,
  deviceWriteBps: list,
  deviceReadIops: list,
  deviceWriteIops: list,
} satisfies Record<keyof ContainerOptions, unknown>;

const schema = allOptional(OPTION_SHAPES);

/** Returns the schema of an object of names and values. */
export function recordOf<T extends v.GenericSchema>(value: T): v.RecordSchema<v.StringSchema<undefined>, T, string> {
  return v.record(v.string(), value, NAMES_AND_VALUES);
}

/** Returns the schema of an object that may have these fields, and no others. */
export function allOptional(shapes: Readonly<Record<string, unknown>>): v.GenericSchema {
  // Without a prototype: `toString` is no option.
  const entries = Object.create(null) as Record<string, v.GenericSchema>;
  for (const [name, shape] of Object.entries(shapes)) entries[name] = v.optional(shape as v.GenericSchema);
  return v.strictObject(entries, OPTIONS);
}

/**
 * Checks the shape of the options: known names, right types, simple ranges. What a value means is checked where it is
 * read.
 *
 * @throws OptionError naming the option, its value and what was expected
 */
export function checkOptions(options: unknown): ContainerOptions {
  checkShape(schema, options, Object.keys(OPTION_SHAPES));
  return options as ContainerOptions;
}

/**
 * Checks a value against a schema of options.
 *
 * @param known - the names that an unknown one may have been meant to be
 * @throws OptionError naming the option, its value and what was expected
 */
export function checkShape(schema: v.GenericSchema, options: unknown, known: readonly string[]): void {
  parseShape(schema, options, known);
}

/**
 * Reads a value by a schema of options.
 *
 * @returns what the schema makes of it
 * @throws OptionError as {@link checkShape}
 */
export function parseShape<Output>(
  schema: v.GenericSchema<unknown, Output>,
  options: unknown,
  known: readonly string[],
): Output {
  refuseLists(options);
  const result = v.safeParse(schema, options);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = optionName(issue.path ?? []);
  if (issue.type === 'strict_object' && issue.expected === 'never') throw unknownOption(name, known);
  throw new OptionError(name === '' ? 'options' : name, issue.input, issue.message);
}

// To valibot, a list is an object.
function refuseLists(options: unknown): void {
  if (Array.isArray(options)) throw new OptionError('options', options, OPTIONS);
  for (const name of ['env', 'labels', 'sysctl']) {
    const value: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined;
    if (Array.isArray(value)) throw new OptionError(name, value, NAMES_AND_VALUES);
  }
}

function optionName(path: readonly { readonly key?: unknown }[]): string {
  return path.reduce(
    (name, { key }) =>
      typeof key === 'number' ? `${name}[${String(key)}]` : name === '' ? String(key) : `${name}.${String(key)}`,
    '',
  );
}

function unknownOption(name: string, known: readonly string[]): OptionError {
  const meant = closest(name, known);
  return new OptionError('options', name, 'an option', meant === undefined ? {} : { hint: `did you mean ${meant}?` });
}
