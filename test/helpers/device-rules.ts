import fc from 'fast-check';
import type { DeviceRule } from '../../src/spec/resources.js';

/** Few numbers, so that rules meet. */
const NUMBER = fc.constantFrom(undefined, -1, 0, 1, 3, 5);

const ACCESSES = ['r', 'w', 'rw', 'm'] as const;

const RULE: fc.Arbitrary<DeviceRule> = fc
  .record({
    allow: fc.boolean(),
    type: fc.constantFrom(undefined, 'a' as const, 'b' as const, 'c' as const),
    major: NUMBER,
    minor: NUMBER,
    access: fc.constantFrom(undefined, 'r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm', 'mrw'),
  })
  .map(
    (rule) =>
      Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)) as unknown as DeviceRule,
  );

/** Any rules of the device cgroup. */
export const RULES: fc.Arbitrary<readonly DeviceRule[]> = fc.array(RULE, { maxLength: 8 });

/** Accesses to a device, as the kernel asks: to open it, or to make its node. */
export interface Question {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

export const QUESTIONS: readonly Question[] = (['b', 'c'] as const).flatMap((type) =>
  [0, 1, 3, 5, 7].flatMap((major) =>
    [0, 1, 3, 5, 7].flatMap((minor) => ACCESSES.map((access) => ({ type, major, minor, access }))),
  ),
);

/** What rules mean, in the plainest words: each letter is decided by the last rule that fits. */
export function isAllowed(rules: readonly DeviceRule[], { type, major, minor, access }: Question): boolean {
  return Array.from(access).every((letter) => {
    const last = rules.findLast(
      (rule) =>
        [type, 'a', undefined].includes(rule.type) &&
        [major, -1, undefined].includes(rule.major) &&
        [minor, -1, undefined].includes(rule.minor) &&
        (rule.access ?? 'rwm').includes(letter),
    );
    return last?.allow === true;
  });
}
