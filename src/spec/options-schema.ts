import * as v from 'valibot';
import { OptionError } from '../errors/option-error.js';
import { closest } from '../util/closest.js';
import type { ContainerOptions } from './options.js';

const text = v.string('text');
const flag = v.boolean('true or false');
const number = v.number('a number');
const size = v.union([v.number(), v.string()], 'a size such as 256M, or a number of bytes');
const list = v.array(text, 'a list');
const mode = v.picklist(['private', 'host'], 'private or host');
const variables = v.record(v.string(), v.union([v.string(), v.undefined()], 'text'), 'an object of names and values');

const volume = v.union(
  [v.string(), v.strictObject({ source: v.string(), target: v.string(), readOnly: v.optional(v.boolean()) })],
  'of the form SRC:DST[:ro|rw], or an object with source, target and readOnly',
);

const entries = {
  name: text,
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
  sysctl: v.record(v.string(), text, 'an object of names and values'),
  init: flag,
  dieWithParent: flag,
  cgroupParent: text,
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

// Without a prototype: `toString` is no option.
const schema = v.strictObject(
  Object.assign(
    Object.create(null) as Record<string, v.GenericSchema>,
    Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, v.optional(entry as v.GenericSchema)])),
  ),
);

/**
 * Checks the shape of the options: known names, right types, simple ranges. What a value means is checked where it is
 * read.
 *
 * @throws OptionError naming the option, its value and what was expected
 */
export function checkOptions(options: unknown): ContainerOptions {
  const result = v.safeParse(schema, options);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = optionName(issue.path ?? []);
  if (issue.type === 'strict_object' && issue.expected === 'never') throw unknownOption(name);
  throw new OptionError(name === '' ? 'options' : name, issue.input, issue.message);
}

function optionName(path: readonly { readonly key?: unknown }[]): string {
  return path.reduce(
    (name, { key }) =>
      typeof key === 'number' ? `${name}[${String(key)}]` : name === '' ? String(key) : `${name}.${String(key)}`,
    '',
  );
}

function unknownOption(name: string): OptionError {
  const known = closest(name, Object.keys(entries));
  return new OptionError('options', name, 'an option', known === undefined ? {} : { hint: `did you mean ${known}?` });
}
