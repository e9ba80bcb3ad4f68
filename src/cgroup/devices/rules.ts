/**
 * The rules of the device cgroup: which they are, and what they mean.
 *
 * Each kind of access (to read, to write, to make a node) is decided by itself, by the last rule that fits it; without one, it
 * is denied. Both versions of cgroups are made to do that.
 *
 * @packageDocumentation
 */

import { ConfigError } from '../../errors/config-error.js';
import type { AskedField } from '../../plan/types.js';
import type { DeviceRule } from '../../spec/resources.js';

/** Kinds of access, as bits. @see include/uapi/linux/bpf.h BPF_DEVCG_ACC_MKNOD */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;

/** All of them. */
export const ALL_ACCESS = 7;

/** A rule that has been checked. */
export interface AccessRule {
  readonly allow: boolean;
  /** `a`: of both kinds. */
  readonly type: 'a' | 'b' | 'c';
  /** Absent: all. */
  readonly major?: number;
  readonly minor?: number;
  /** Of {@link ACCESS}. */
  readonly access: number;
  /** Where it stands; absent for one that the runtime adds. */
  readonly asked?: AskedField;
}

/** Checks rules. @param pointer - of their list @throws ConfigError */
export function checkRules(rules: readonly DeviceRule[], pointer?: string): readonly AccessRule[] {
  return rules.map((rule, index) => checkRule(rule, pointer === undefined ? undefined : `${pointer}/${index}`));
}

function checkRule(rule: DeviceRule, pointer: string | undefined): AccessRule {
  const { allow, type = 'a', access = 'rwm' } = rule;
  const at = pointer ?? '/linux/resources/devices';
  if (!['a', 'b', 'c'].includes(type)) throw new ConfigError(`${at}/type`, type, 'a, b or c');
  if (!/^[rwm]+$/.test(access)) throw new ConfigError(`${at}/access`, access, 'made of the letters r, w and m');
  let bits = 0;
  for (const letter of access) bits |= ACCESS[letter as keyof typeof ACCESS];
  const major = checkNumber(rule.major, `${at}/major`);
  const minor = checkNumber(rule.minor, `${at}/minor`);
  return {
    allow,
    type,
    ...(major === undefined ? {} : { major }),
    ...(minor === undefined ? {} : { minor }),
    access: bits,
    ...(pointer === undefined ? {} : { asked: { pointer, value: rule } }),
  };
}

function checkNumber(value: number | undefined, pointer: string): number | undefined {
  if (value === undefined || value === -1) return undefined;
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new ConfigError(pointer, value, 'the number of a device, or -1 for all');
}

/** Tells whether a rule decides every access to every device. */
export function isWhole({ type, major, minor, access }: AccessRule): boolean {
  return type === 'a' && major === undefined && minor === undefined && access === ALL_ACCESS;
}

/** Returns the rules without those that a later one has made void: only the first can be a whole one. */
export function dropVoid(rules: readonly AccessRule[]): readonly AccessRule[] {
  return rules.slice(Math.max(0, rules.findLastIndex(isWhole)));
}

/** Tells whether rules forbid nothing. */
export function permitsAll(rules: readonly AccessRule[]): boolean {
  const left = dropVoid(rules);
  return left[0] !== undefined && isWhole(left[0]) && left.every(({ allow }) => allow);
}

// Nodes may be made of any device: what counts is that they cannot be opened.
const DEFAULTS: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  // /dev/null
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  // /dev/random
  { allow: true, type: 'c', major: 1, minor: 8, access: 'rwm' },
  // /dev/full
  { allow: true, type: 'c', major: 1, minor: 7, access: 'rwm' },
  // /dev/tty
  { allow: true, type: 'c', major: 5, minor: 0, access: 'rwm' },
  // /dev/zero
  { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
  // /dev/urandom
  { allow: true, type: 'c', major: 1, minor: 9, access: 'rwm' },
  // /dev/pts/*, and /dev/ptmx
  { allow: true, type: 'c', major: 136, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 2, access: 'rwm' },
];

/**
 * Returns an engine's rules with those that every container needs after them, as other runtimes add them: the spec demands
 * these devices.
 *
 * @see runtime-spec config-linux.md "Default Devices"; opencontainers/runc AllowedDevices
 */
export function withDefaults(rules: readonly DeviceRule[]): readonly DeviceRule[] {
  return [...rules, ...DEFAULTS];
}
