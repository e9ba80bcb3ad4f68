import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceState, formatAccess, parseState, toState, transition } from '../../../../src/cgroup/v1/devices.js';
import { withDefaults } from '../../../../src/cgroup/devices/rules.js';
import type { DeviceRule } from '../../../../src/spec/resources.js';
import { isAllowed, QUESTIONS, type Question, RULES } from '../../../helpers/device-rules.js';

/** The kernel's device cgroup, as security/device_cgroup.c has it. */
class Kernel {
  allowsAll = true;
  exceptions = new Map<string, string>();

  write({ file, value }: { readonly file: string; readonly value: string }): void {
    const isAllow = file === 'devices.allow';
    if (value === 'a') {
      this.allowsAll = isAllow;
      this.exceptions.clear();
      return;
    }
    const [type, numbers, letters = ''] = value.split(' ');
    const key = `${type} ${numbers}`;
    const old = this.exceptions.get(key) ?? '';
    const isException = isAllow !== this.allowsAll;
    const next = isException
      ? old +
        Array.from(letters)
          .filter((letter) => !old.includes(letter))
          .join('')
      : Array.from(old)
          .filter((letter) => !letters.includes(letter))
          .join('');
    if (next === '') this.exceptions.delete(key);
    else this.exceptions.set(key, next);
  }

  allows({ type, major, minor, access }: Question): boolean {
    const fits = [...this.exceptions].filter(([key]) =>
      ['*', String(major)].some((one) => ['*', String(minor)].some((two) => key === `${type} ${one}:${two}`)),
    );
    // What denies may fit in part; what allows has to be one that allows all of it.
    if (this.allowsAll)
      return !fits.some(([, letters]) => Array.from(access).some((letter) => letters.includes(letter)));
    return fits.some(([, letters]) => Array.from(access).every((letter) => letters.includes(letter)));
  }

  /** The text of devices.list. */
  list(): string {
    if (this.allowsAll) return 'a *:* rwm\n';
    return [...this.exceptions].map(([key, letters]) => `${key} ${letters}\n`).join('');
  }
}

const stateOf = (rules: readonly DeviceRule[]): DeviceState | undefined => {
  try {
    return toState(rules);
  } catch {
    return undefined;
  }
};

describe('the device cgroup of v1', () => {
  it('decides as the rules do, whatever was there before', () => {
    let kept = 0;
    fc.assert(
      fc.property(RULES, RULES, (before, rules) => {
        const [first, second] = [stateOf(before), stateOf(rules)];
        if (first === undefined || second === undefined) return;
        kept++;
        const kernel = new Kernel();
        for (const write of transition(parseState(kernel.list()), first, true)) kernel.write(write);
        for (const question of QUESTIONS) expect(kernel.allows(question)).toBe(isAllowed(before, question));
        for (const write of transition(parseState(kernel.list()), second, false)) kernel.write(write);
        for (const question of QUESTIONS) expect(kernel.allows(question)).toBe(isAllowed(rules, question));
      }),
      { numRuns: 500 },
    );
    expect(kept).toBeGreaterThan(100);
  });

  it('denies nothing on the way that is allowed before and after', () => {
    const open = { type: 'c', major: 1, minor: 3, access: 'rw' } as const;
    const base: DeviceRule[] = [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }];
    fc.assert(
      fc.property(RULES, (rules) => {
        const [from, to] = [stateOf(withDefaults(base)), stateOf([...base, ...rules])];
        if (from === undefined || to === undefined || to.allowsAll || !isAllowed([...base, ...rules], open)) return;
        const kernel = new Kernel();
        for (const write of transition(parseState(kernel.list()), from, true)) kernel.write(write);
        for (const write of transition(parseState(kernel.list()), to, false)) {
          kernel.write(write);
          expect(kernel.allows(open)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('cannot keep a part that is taken away from what is allowed', () => {
    const rules: DeviceRule[] = [
      { allow: true, type: 'c', major: 1, access: 'rwm' },
      { allow: false, type: 'c', major: 1, minor: 5, access: 'r' },
    ];
    expect(() => toState(rules, '/linux/resources/devices')).toThrow(
      expect.objectContaining({ pointer: '/linux/resources/devices/1', code: 'ERR_CONFIG' }),
    );
    expect(() => toState(rules)).toThrow('/linux/resources/devices: ');
  });

  it('keeps what is allowed again within what is denied', () => {
    expect(
      toState([{ allow: true }, { allow: false, type: 'c' }, { allow: true, type: 'c', major: 1, minor: 3 }]),
    ).toEqual({
      allowsAll: false,
      exceptions: [
        { type: 'b', access: 7 },
        { type: 'c', major: 1, minor: 3, access: 7 },
      ],
    });
  });

  it('is made by the fewest writes', () => {
    const all = parseState('a *:* rwm\n');
    expect(transition(all, toState([{ allow: true }]), true)).toEqual([]);
    expect(transition(all, toState([{ allow: true }]), false)).toEqual([{ file: 'devices.allow', value: 'a' }]);
    const some = parseState('c 1:3 rwm\nb *:* m\nnonsense\n');
    expect(transition(some, toState([{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]), false)).toEqual([
      { file: 'devices.deny', value: 'c 1:3 m' },
      { file: 'devices.deny', value: 'b *:* m' },
    ]);
    expect(formatAccess(5)).toBe('wm');
  });
});
