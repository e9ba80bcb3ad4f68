import type { DeviceRule } from '../../../spec/resources.js';
import { type AccessRule, checkRules, dropVoid, isWhole } from '../../devices/rules.js';
import { ALLOW, and, exit, jump, load, moveImmediate, type Instruction, encode, shiftRight } from './instructions.js';

// Registers: the context, then what it says; what is still to be decided is in ACCESS.
const [RESULT, CONTEXT, TYPE, ACCESS, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5] as const;

/** Offsets in `struct bpf_cgroup_dev_ctx`; the first word is the type below and the access above. */
const FIELDS = { accessType: 0, major: 4, minor: 8 } as const;

/** @see include/uapi/linux/bpf.h BPF_DEVCG_DEV_BLOCK */
const TYPES = { b: 1, c: 2 } as const;

/**
 * Returns the program that enforces rules: it goes through them from the last to the first. An `allow` takes what it
 * allows off what is asked for, and ends when nothing is left; a `deny` ends when it denies anything of what is left.
 *
 * @returns the program as bpf(2) takes it, for BPF_PROG_TYPE_CGROUP_DEVICE: 1 allows, 0 denies
 * @throws ConfigError for a rule that is none
 */
export function compileDevices(rules: readonly DeviceRule[], pointer?: string): Uint8Array {
  const left = dropVoid(checkRules(rules, pointer));
  const blocks = [...left].reverse().filter(canFit).map(compileRule);
  // The verifier refuses what is never reached: nothing comes after a rule that decides all.
  const isDecided = left[0] !== undefined && isWhole(left[0]);
  return encode([...PROLOGUE, ...blocks.flat(), ...(isDecided ? [] : answer(false))]);
}

/** What no number of Linux's can be, fits no device. @see include/linux/kdev_t.h: 12 and 20 bits */
const canFit = ({ major = 0, minor = 0 }: AccessRule): boolean => major < 2 ** 12 && minor < 2 ** 20;

const PROLOGUE: readonly Instruction[] = [
  load(TYPE, CONTEXT, FIELDS.accessType),
  load(ACCESS, CONTEXT, FIELDS.accessType),
  shiftRight(ACCESS, 16),
  and(TYPE, 0xffff),
  load(MAJOR, CONTEXT, FIELDS.major),
  load(MINOR, CONTEXT, FIELDS.minor),
];

function compileRule(rule: AccessRule): readonly Instruction[] {
  const { type, major, minor, allow, access } = rule;
  if (isWhole(rule)) return answer(allow);
  const body = allow
    ? [and(ACCESS, ~access), jump('unless-equal', ACCESS, 0, 2), ...answer(true)]
    : [jump('if-any-bit', ACCESS, access, 1), jump('always', ACCESS, 0, 2), ...answer(false)];
  const tests = [
    ...(type === 'a' ? [] : [[TYPE, TYPES[type]] as const]),
    ...(major === undefined ? [] : [[MAJOR, major] as const]),
    ...(minor === undefined ? [] : [[MINOR, minor] as const]),
  ];
  // Each test leads past those after it and past the body.
  const checks = tests.map(([register, value], index) =>
    jump('unless-equal', register, value, tests.length - 1 - index + body.length),
  );
  return [...checks, ...body];
}

function answer(allow: boolean): readonly Instruction[] {
  return [moveImmediate(RESULT, allow ? ALLOW : 0), exit()];
}
