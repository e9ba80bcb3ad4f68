import * as v from 'valibot';
import { OptionError } from '../../errors/option-error.js';
import { errnoNumber } from '../../util/errno.js';
import type { Seccomp, SeccompArgument, SeccompRule } from '../seccomp.js';

/** What a profile may depend on. */
export interface ProfileSurroundings {
  /** Node's name for the processor. */
  readonly cpu: string;
  readonly kernel: readonly [major: number, minor: number];
  /** The bounding set of the container. */
  readonly capabilities: readonly string[];
}

const text = v.string('text');
const strings = v.array(text, 'a list');
const whole = v.pipe(v.number('a number'), v.integer('a whole number'));
const uint64 = v.union([v.number(), v.bigint()], 'a number');

const condition = v.looseObject({
  arches: v.optional(strings),
  caps: v.optional(strings),
  minKernel: v.optional(v.pipe(text, v.regex(/^\d+\.\d+$/, 'a version such as 4.8'))),
});

const argument = v.looseObject({ index: whole, value: uint64, valueTwo: v.optional(uint64), op: text });

const rule = v.looseObject({
  name: v.optional(text),
  names: v.optional(strings),
  action: text,
  errnoRet: v.optional(whole),
  errno: v.optional(text),
  args: v.optional(v.array(argument, 'a list')),
  includes: v.optional(condition),
  excludes: v.optional(condition),
});

const archMap = v.array(v.looseObject({ architecture: text, subArchitectures: v.optional(strings) }), 'a list');

const profile = v.looseObject(
  {
    defaultAction: text,
    defaultErrnoRet: v.optional(whole),
    defaultErrno: v.optional(text),
    architectures: v.optional(strings),
    archMap: v.optional(archMap),
    flags: v.optional(strings),
    listenerPath: v.optional(text),
    listenerMetadata: v.optional(text),
    syscalls: v.optional(v.array(rule, 'a list')),
  },
  'an object',
);

type Profile = v.InferOutput<typeof profile>;
type Rule = v.InferOutput<typeof rule>;
type Condition = v.InferOutput<typeof condition>;

/**
 * Reads a seccomp profile: the runtime-spec's, or that of Docker and podman, which says for which processors, kernels and
 * capabilities a rule is meant. Words such as the actions are checked where the filter is compiled.
 *
 * @param file - what to call it in errors
 * @throws OptionError naming the field
 */
export function readSeccompProfile(value: unknown, file: string, around: ProfileSurroundings): Seccomp {
  const where = (field: string): string => `seccomp: ${file}: ${field}`;
  const read = checkShape(value, where);
  const { defaultAction, flags, listenerPath, listenerMetadata, syscalls = [] } = read;
  const errno = readErrno(read.defaultErrnoRet, read.defaultErrno, where('defaultErrno'));
  const architectures = listArchitectures(read, around.cpu, where);
  return {
    defaultAction,
    ...(errno === undefined ? {} : { defaultErrnoRet: errno }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(flags === undefined ? {} : { flags }),
    ...(listenerPath === undefined ? {} : { listenerPath }),
    ...(listenerMetadata === undefined ? {} : { listenerMetadata }),
    syscalls: syscalls.flatMap((each, index) =>
      isMeant(each, around) ? [toRule(each, where(`syscalls.${String(index)}`))] : [],
    ),
  };
}

function checkShape(value: unknown, where: (field: string) => string): Profile {
  const result = v.safeParse(profile, withoutNulls(value));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join('.');
  throw new OptionError(where(path === '' ? 'profile' : path), issue.input, issue.message);
}

// Programs in Go write a list that is not there as null.
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutNulls(each)]));
}

/** The names that Docker's profiles and the runtime-spec have for processors. */
const PROCESSORS: Readonly<Record<string, { readonly docker: string; readonly oci: string }>> = {
  x64: { docker: 'amd64', oci: 'SCMP_ARCH_X86_64' },
  arm64: { docker: 'arm64', oci: 'SCMP_ARCH_AARCH64' },
};

function listArchitectures(read: Profile, cpu: string, where: (field: string) => string): readonly string[] {
  const { architectures = [], archMap: map = [] } = read;
  if (architectures.length > 0 && map.length > 0) {
    throw new OptionError(where('archMap'), map, 'possible with architectures');
  }
  const own = map.find(({ architecture }) => architecture === PROCESSORS[cpu]?.oci);
  return own === undefined ? architectures : [own.architecture, ...(own.subArchitectures ?? [])];
}

function isMeant({ includes = {}, excludes = {} }: Rule, around: ProfileSurroundings): boolean {
  return includesAll(includes, around) && !excludesAny(excludes, around);
}

function includesAll({ arches = [], caps = [], minKernel }: Condition, around: ProfileSurroundings): boolean {
  return (
    (arches.length === 0 || arches.includes(processor(around))) &&
    caps.every((name) => around.capabilities.includes(name)) &&
    (minKernel === undefined || isAtLeast(around, minKernel))
  );
}

function excludesAny({ arches = [], caps = [], minKernel }: Condition, around: ProfileSurroundings): boolean {
  return (
    arches.includes(processor(around)) ||
    caps.some((name) => around.capabilities.includes(name)) ||
    (minKernel !== undefined && isAtLeast(around, minKernel))
  );
}

function processor({ cpu }: ProfileSurroundings): string {
  return PROCESSORS[cpu]?.docker ?? cpu;
}

function isAtLeast({ kernel }: ProfileSurroundings, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kernel[0] > major || (kernel[0] === major && kernel[1] >= minor);
}

function toRule({ name, names = [], action, errnoRet, errno, args = [] }: Rule, where: string): SeccompRule {
  const number = readErrno(errnoRet, errno, `${where}.errno`);
  return {
    names: name === undefined ? names : [...names, name],
    action,
    ...(number === undefined ? {} : { errnoRet: number }),
    ...(args.length === 0 ? {} : { args: args.map(toArgument) }),
  };
}

function toArgument({ index, value, valueTwo, op }: v.InferOutput<typeof argument>): SeccompArgument {
  return { index, value, ...(valueTwo === undefined ? {} : { valueTwo }), op };
}

// podman's profiles have the name besides.
function readErrno(number: number | undefined, name: string | undefined, where: string): number | undefined {
  if (number !== undefined || name === undefined || name === '') return number;
  const known = errnoNumber(name);
  if (known === undefined) throw new OptionError(where, name, 'an error such as EPERM');
  return known;
}
