import { ConfigError } from '../../errors/config-error.js';
import type { CgroupWrite } from '../../plan/types.js';
import type { DeviceRule } from '../../spec/resources.js';
import { ACCESS, type AccessRule, ALL_ACCESS, checkRules, dropVoid, isWhole } from '../devices/rules.js';

/** Devices with the accesses in which they are an exception. */
export interface Exception {
  readonly type: 'b' | 'c';
  /** Absent: all. */
  readonly major?: number;
  readonly minor?: number;
  /** Of {@link ACCESS}. */
  readonly access: number;
}

/** What v1 can keep: everything is allowed, or nothing, and exceptions. */
export interface DeviceState {
  readonly allowsAll: boolean;
  readonly exceptions: readonly Exception[];
}

/**
 * Returns rules as v1 can keep them.
 *
 * @throws ConfigError for a rule that is none, or that takes a part away from what an earlier one allows: v1 has exceptions,
 * and none from these
 * @see cgroup-v1/devices.rst
 */
export function toState(rules: readonly DeviceRule[], pointer?: string): DeviceState {
  const left = dropVoid(checkRules(rules, pointer));
  const [first, ...rest] = left;
  if (first === undefined || !isWhole(first)) return denyAllBut(left);
  if (!first.allow) return denyAllBut(rest);
  const { exceptions, refused } = collect(rest, false);
  if (refused === undefined) return { allowsAll: true, exceptions };
  // What is allowed again within what is denied: then all is denied, and what is left is the exception.
  return denyAllBut([first, ...rest]);
}

function denyAllBut(rules: readonly AccessRule[]): DeviceState {
  const { exceptions, refused } = collect(rules, true);
  if (refused === undefined) return { allowsAll: false, exceptions: join(exceptions) };
  const { pointer = '/linux/resources/devices', value } = refused.asked ?? {};
  const what = 'possible with cgroup v1, which cannot take a part away from what an earlier rule allows';
  throw new ConfigError(pointer, value, what);
}

interface Collected {
  readonly exceptions: readonly Exception[];
  /** The rule that cannot be kept. */
  readonly refused?: AccessRule;
}

function collect(rules: readonly AccessRule[], isAllowed: boolean): Collected {
  let exceptions: readonly Exception[] = [];
  for (const rule of rules)
    for (const one of split(rule)) {
      if (rule.allow === isAllowed) exceptions = add(exceptions, one);
      else if (exceptions.some((other) => isPartOf(one, other))) return { exceptions, refused: rule };
      else exceptions = exceptions.flatMap((other) => (covers(one, other) ? without(other, one.access) : [other]));
    }
  return { exceptions };
}

function split({ type, major, minor, access }: AccessRule): readonly Exception[] {
  const types = type === 'a' ? (['b', 'c'] as const) : [type];
  return types.map((one) => ({
    type: one,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access,
  }));
}

function add(exceptions: readonly Exception[], one: Exception): readonly Exception[] {
  const same = exceptions.find((other) => covers(one, other) && covers(other, one));
  if (same === undefined) return [...exceptions, one];
  return exceptions.map((other) => (other === same ? { ...other, access: other.access | one.access } : other));
}

function without(exception: Exception, access: number): readonly Exception[] {
  const left = exception.access & ~access;
  return left === 0 ? [] : [{ ...exception, access: left }];
}

const covers = (one: Exception, other: Exception): boolean =>
  one.type === other.type &&
  (one.major === undefined || one.major === other.major) &&
  (one.minor === undefined || one.minor === other.minor);

const overlaps = (one: Exception, other: Exception): boolean =>
  one.type === other.type && meet(one.major, other.major) && meet(one.minor, other.minor);

const meet = (one: number | undefined, other: number | undefined): boolean =>
  one === undefined || other === undefined || one === other;

const isPartOf = (one: Exception, other: Exception): boolean =>
  (one.access & other.access) !== 0 && overlaps(one, other) && !covers(one, other);

// To open a device for reading and writing is one access, and the kernel wants one exception that allows it: where one allows
// the reading and another the writing, there has to be one of the devices that both are about. Nodes are made by themselves.
function join(exceptions: readonly Exception[]): readonly Exception[] {
  const only = (access: number): readonly Exception[] =>
    exceptions.filter((one) => (one.access & READ_WRITE) === access);
  const both = only(ACCESS.r).flatMap((one) =>
    only(ACCESS.w).flatMap((other) => (overlaps(one, other) ? [intersect(one, other)] : [])),
  );
  return both.reduce(add, exceptions);
}

const READ_WRITE = ACCESS.r | ACCESS.w;

function intersect(one: Exception, other: Exception): Exception {
  const { major = other.major, minor = other.minor } = one;
  return {
    type: one.type,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access: READ_WRITE,
  };
}

/** Returns what `devices.list` says. */
export function parseState(text: string): DeviceState {
  const lines = text.split('\n').flatMap((line) => {
    const [, type = '', major = '', minor = '', letters = ''] =
      /^([abc]) (\d+|\*):(\d+|\*) ([rwm]+)$/.exec(line.trim()) ?? [];
    return type === '' ? [] : [{ type, major, minor, letters }];
  });
  // In this state it does not tell the exceptions.
  if (lines.some(({ type }) => type === 'a')) return { allowsAll: true, exceptions: [] };
  const exceptions = lines.map(({ type, major, minor, letters }) => ({
    type: type as 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access: Array.from(letters).reduce((bits, letter) => bits | ACCESS[letter as keyof typeof ACCESS], 0),
  }));
  return { allowsAll: false, exceptions };
}

/**
 * Returns the writes that lead from one state to another: nothing that both allow is denied on the way, as far as v1 lets. What
 * is new is allowed before what is old is denied.
 *
 * @param isNew - the cgroup is new: what it inherits has no exceptions that it does not tell
 */
export function transition(from: DeviceState, to: DeviceState, isNew: boolean): readonly CgroupWrite[] {
  if (to.allowsAll) {
    const isThere = from.allowsAll && isNew;
    return [...(isThere ? [] : [ALLOW_ALL]), ...to.exceptions.map((one) => write('devices.deny', one))];
  }
  if (from.allowsAll) return [DENY_ALL, ...to.exceptions.map((one) => write('devices.allow', one))];
  return [
    ...difference(to.exceptions, from.exceptions).map((one) => write('devices.allow', one)),
    ...difference(from.exceptions, to.exceptions).map((one) => write('devices.deny', one)),
  ];
}

const ALLOW_ALL: CgroupWrite = { file: 'devices.allow', value: 'a' };
const DENY_ALL: CgroupWrite = { file: 'devices.deny', value: 'a' };

/** What is in the first list and not in the second, for the very same devices. */
function difference(list: readonly Exception[], other: readonly Exception[]): readonly Exception[] {
  return list.flatMap((one) => {
    const same = other.find((two) => covers(one, two) && covers(two, one));
    return without(one, same?.access ?? 0);
  });
}

function write(file: string, { type, major, minor, access }: Exception): CgroupWrite {
  return { file, value: `${type} ${major ?? '*'}:${minor ?? '*'} ${formatAccess(access)}` };
}

/** Returns accesses as letters: `rwm`. */
export function formatAccess(access: number): string {
  return (['r', 'w', 'm'] as const).filter((letter) => (access & ALL_ACCESS & ACCESS[letter]) !== 0).join('');
}
