import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDevices } from '../../../../../src/cgroup/v2/devices/program.js';
import { withDefaults } from '../../../../../src/cgroup/devices/rules.js';
import { isAllowed, QUESTIONS, type Question, RULES } from '../../../../helpers/device-rules.js';
import { listUnreachable, runDeviceProgram } from '../../../../helpers/ebpf.js';

const TYPES = { b: 1, c: 2 };
const BITS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

function ask(program: Uint8Array, { type, major, minor, access }: Question): boolean {
  const bits = Array.from(access).reduce((sum, letter) => sum | (BITS[letter] ?? 0), 0);
  const answer = runDeviceProgram(program, { type: TYPES[type], access: bits, major, minor });
  expect([0, 1]).toContain(answer);
  return answer === 1;
}

describe('a device program', () => {
  it('decides as the rules do', () => {
    fc.assert(
      fc.property(RULES, (rules) => {
        const program = compileDevices(rules);
        for (const question of QUESTIONS) expect(ask(program, question)).toBe(isAllowed(rules, question));
      }),
      { numRuns: 300 },
    );
  });

  it('has no instruction that is never reached, which the verifier would refuse', () => {
    fc.assert(
      fc.property(RULES, (rules) => {
        expect(listUnreachable(compileDevices(rules))).toEqual([]);
      }),
    );
  });

  it('allows what every container needs, and nothing else', () => {
    const program = compileDevices(withDefaults([{ allow: false, access: 'rwm' }]));
    const open = (major: number, minor: number): boolean => ask(program, { type: 'c', major, minor, access: 'rw' });
    for (const minor of [3, 5, 7, 8, 9]) expect(open(1, minor)).toBe(true);
    expect([open(5, 0), open(5, 2), open(136, 7), open(1, 1), open(1, 11), open(5, 1), open(10, 229)]).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(ask(program, { type: 'b', major: 8, minor: 0, access: 'm' })).toBe(true);
    expect(ask(program, { type: 'b', major: 8, minor: 0, access: 'r' })).toBe(false);
  });

  it('leaves out numbers that no device has', () => {
    const rule = { allow: true, type: 'c', major: 4096, minor: 0 } as const;
    expect(compileDevices([rule])).toEqual(compileDevices([]));
    expect(compileDevices([{ ...rule, major: 1, minor: 2 ** 20 }])).toEqual(compileDevices([]));
  });

  it('refuses rules that are none, by their place', () => {
    const at = '/linux/resources/devices';
    expect(() => compileDevices([{ allow: true, access: 'rx' }], at)).toThrow(
      '/linux/resources/devices/0/access: "rx" is not made of the letters r, w and m',
    );
    expect(() => compileDevices([{ allow: true, access: '' }], at)).toThrow(`${at}/0/access`);
    expect(() => compileDevices([{ allow: true, type: 'p' as 'c' }], at)).toThrow(`${at}/0/type: "p" is not a, b or c`);
    expect(() => compileDevices([{ allow: true }, { allow: true, major: -2 }], at)).toThrow(`${at}/1/major: -2`);
    expect(() => compileDevices([{ allow: true, minor: 1.5 }])).toThrow('/linux/resources/devices/minor: 1.5');
  });
});
