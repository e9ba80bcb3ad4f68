import { ConfigError } from '../../errors/config-error.js';
import type { Seccomp, SeccompArgument, SeccompRule } from '../../spec/seccomp.js';
import type { Uint64 } from '../../spec/resources.js';
import { SECCOMP_FLAG } from '../../util/linux.js';
import { ACTIONS, ARCHITECTURES, FLAGS, LARGEST_DATA, OPERATORS, type Operator, RET } from './words.js';

/** A profile of which every word is known, in the numbers of the kernel. */
export interface CheckedProfile {
  /** What the filter returns where no rule matches. */
  readonly defaultReturn: number;
  readonly rules: readonly CheckedRule[];
  /** All system calls that it has a word about. */
  readonly named: readonly string[];
  /** As in the profile: `SCMP_ARCH_X86`. */
  readonly architectures: readonly string[];
  /** Of seccomp(2). */
  readonly flags: number;
}

export interface CheckedRule {
  readonly names: readonly string[];
  readonly returns: number;
  /** One of these must hold, and of that all conditions; one without conditions always holds. */
  readonly alternatives: readonly (readonly Condition[])[];
}

/** A comparison of an argument of a system call. */
export interface Condition {
  /** 0–5. */
  readonly index: number;
  readonly operator: Operator;
  /** What it is compared with; for SCMP_CMP_MASKED_EQ what is left of it after the mask. */
  readonly value: Words;
  /** All ones, but for SCMP_CMP_MASKED_EQ. */
  readonly mask: Words;
}

/** A 64-bit number as two of 32 bits. */
export interface Words {
  readonly high: number;
  readonly low: number;
}

/**
 * Checks all that a profile says, whether or not it comes to anything on this machine.
 *
 * @param pointer - where it stands: `/linux/seccomp`
 * @throws ConfigError naming the field
 */
export function checkProfile(profile: Seccomp, pointer: string): CheckedProfile {
  const { defaultAction, defaultErrnoRet, architectures = [], flags = [], syscalls = [] } = profile;
  const defaultReturn = checkAction(defaultAction, defaultErrnoRet, {
    action: `${pointer}/defaultAction`,
    errno: `${pointer}/defaultErrnoRet`,
  });
  if (defaultReturn === RET.notify) {
    throw new ConfigError(`${pointer}/defaultAction`, defaultAction, 'possible as the default: name the system calls');
  }
  architectures.forEach((name, index) => {
    checkWord(ARCHITECTURES, name, `${pointer}/architectures/${String(index)}`, 'an architecture that seccomp knows');
  });
  const bits = flags.map((name, index) => {
    return lookUp(FLAGS, name, `${pointer}/flags/${String(index)}`, 'a flag of seccomp(2)');
  });
  const rules = syscalls.map((rule, index) => checkRule(rule, `${pointer}/syscalls/${String(index)}`));
  const notifies = rules.some(({ returns }) => returns === RET.notify);
  checkListener(profile, notifies, pointer);
  return {
    defaultReturn,
    // A rule that says what the default says is none: else it would take calls away from the rules after it.
    rules: rules.filter(({ returns }) => returns !== defaultReturn),
    named: rules.flatMap(({ names }) => names),
    architectures,
    flags: combine(bits, notifies),
  };
}

function checkAction(
  action: string,
  errno: number | undefined,
  pointer: { readonly action: string; readonly errno: string },
): number {
  const bits = lookUp(ACTIONS, action, pointer.action, 'an action of seccomp');
  const largest = LARGEST_DATA.get(bits);
  if (largest === undefined) {
    if (errno === undefined) return bits;
    throw new ConfigError(
      pointer.errno,
      errno,
      `possible with ${action}: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one`,
    );
  }
  if (errno === undefined) return bits | EPERM;
  if (!isWithin(errno, largest)) throw new ConfigError(pointer.errno, errno, `a number from 0 to ${String(largest)}`);
  return bits | errno;
}

const EPERM = 1;

function checkRule({ names, action, errnoRet, args = [] }: SeccompRule, pointer: string): CheckedRule {
  if (names.length === 0) throw new ConfigError(`${pointer}/names`, names, 'a list of at least one system call');
  const returns = checkAction(action, errnoRet, { action: `${pointer}/action`, errno: `${pointer}/errnoRet` });
  names.forEach((name, index) => {
    if (name === '') throw new ConfigError(`${pointer}/names/${String(index)}`, name, 'the name of a system call');
    // Other runtimes could not hand over the descriptor of the notifications then: no listener expects it.
    if (returns === RET.notify && name === 'write') {
      throw new ConfigError(`${pointer}/names/${String(index)}`, name, 'possible with SCMP_ACT_NOTIFY');
    }
  });
  const conditions = args.map((argument, index) => checkArgument(argument, `${pointer}/args/${String(index)}`));
  return { names, returns, alternatives: toAlternatives(conditions) };
}

// All conditions of a rule must hold, but when two are about the same argument, one is enough: of all of them. That is how runc
// has read it from its beginning, and profiles rely on it.
function toAlternatives(conditions: readonly Condition[]): CheckedRule['alternatives'] {
  const indices = new Set(conditions.map(({ index }) => index));
  return indices.size === conditions.length ? [conditions] : conditions.map((condition) => [condition]);
}

function checkArgument({ index, op, value, valueTwo = 0 }: SeccompArgument, pointer: string): Condition {
  if (!isWithin(index, 5)) throw new ConfigError(`${pointer}/index`, index, 'a number from 0 to 5');
  const operator = checkWord(OPERATORS, op, `${pointer}/op`, 'an operator of seccomp');
  const first = toWords(value, `${pointer}/value`);
  const second = toWords(valueTwo, `${pointer}/valueTwo`);
  return operator === 'SCMP_CMP_MASKED_EQ'
    ? { index, operator, value: second, mask: first }
    : { index, operator, value: first, mask: ALL };
}

const ALL: Words = { high: 0xffff_ffff, low: 0xffff_ffff };

function checkListener({ listenerPath, listenerMetadata }: Seccomp, notifies: boolean, pointer: string): void {
  if (listenerMetadata !== undefined && listenerPath === undefined) {
    throw new ConfigError(`${pointer}/listenerMetadata`, listenerMetadata, 'possible without listenerPath');
  }
  if (!notifies) return;
  if (listenerPath === undefined || listenerPath === '') {
    throw new ConfigError(`${pointer}/listenerPath`, listenerPath, 'the path of a socket, which SCMP_ACT_NOTIFY needs');
  }
  // sockaddr_un, unix(7)
  if (Buffer.byteLength(listenerPath) > 107) {
    throw new ConfigError(`${pointer}/listenerPath`, listenerPath, 'the path of a socket: at most 107 bytes');
  }
}

// How a notification is waited for means nothing where there is none, and the kernel refuses to be told.
function combine(bits: readonly number[], notifies: boolean): number {
  const all = bits.reduce((sum, bit) => sum | bit, 0);
  return notifies ? all | SECCOMP_FLAG.NEW_LISTENER : all & ~SECCOMP_FLAG.WAIT_KILLABLE_RECV;
}

function toWords(value: Uint64, pointer: string): Words {
  const valid = typeof value === 'bigint' ? value >= 0n && value < 2n ** 64n : Number.isInteger(value) && value >= 0;
  if (!valid || value >= 2 ** 64) throw new ConfigError(pointer, value, 'a whole number from 0 to 2^64 - 1');
  const number = BigInt(value);
  return { high: Number(number >> 32n), low: Number(number & 0xffff_ffffn) };
}

function isWithin(value: number, largest: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= largest;
}

function lookUp(table: Readonly<Record<string, number>>, word: string, pointer: string, what: string): number {
  return table[checkWord(Object.keys(table), word, pointer, what)] ?? 0;
}

function checkWord<T extends string>(words: readonly T[], word: string, pointer: string, what: string): T {
  const known = words.find((candidate) => candidate === word);
  if (known === undefined) throw new ConfigError(pointer, word, `${what}: ${words.join(', ')}`);
  return known;
}
