import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../src/errors/option-error.js';
import { encodePlan, MAX_SLOTS } from '../../../src/plan/encode.js';
import { type ArgKind, type Step, STEPS } from '../../../src/plan/steps.js';
import { decodePlan } from './decode.js';

const EXEC: Step = { op: 'exec', argv: ['true'], environment: [] };

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
const VALUES: Record<Exclude<ArgKind, 'out'>, fc.Arbitrary<unknown>> = {
  uint: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
  int: fc.integer(),
  str: text,
  strv: fc.array(text, { maxLength: 5 }),
  ids: fc.array(fc.nat(0xffffffff), { maxLength: 5 }),
  bytes: fc.uint8Array(),
  fd: fc.constantFrom(undefined, 'slot 0', 'slot 1'),
};

// The steps that fill no slot: whether a slot may be filled depends on the others.
const anyStep = fc.oneof(
  ...Object.entries(STEPS)
    .filter(([op, { args }]) => op !== 'exec' && !(Object.values(args) as ArgKind[]).includes('out'))
    .map(([op, { args }]) => {
      const kinds = Object.entries(args) as [string, Exclude<ArgKind, 'out'>][];
      const fields = Object.fromEntries(kinds.map(([name, kind]) => [name, VALUES[kind]]));
      return fc.record({ op: fc.constant(op), ...fields }) as fc.Arbitrary<Step>;
    }),
);

describe('a plan', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (list) => {
        const steps = [...list, EXEC];
        const plan = encodePlan({ fds: ['report', 'slot 1'], steps: rename(steps) });
        expect(decodePlan(plan).steps).toEqual(steps);
      }),
    );
  });

  test('has a head', () => {
    const plan = encodePlan({ fds: ['report', 'a'], steps: [EXEC], fault: { step: 0, errno: 5 } });
    expect(decodePlan(plan).header).toEqual({
      magic: 0x4c505243,
      version: 1,
      size: plan.length,
      stepCount: 1,
      stepsOffset: 40,
      fdCount: 2,
      slotCount: 2,
      faultStep: 0,
      faultErrno: 5,
      reserved: 0,
    });
  });

  test('numbers slots in the order in which they are filled', () => {
    const { steps, header } = decodePlan(
      encodePlan({
        fds: ['report', 'stdin'],
        steps: [
          { op: 'open-tree', path: '/', flags: 0, tree: 'root' },
          { op: 'open-directory', root: 'root', path: '/etc', directory: 'etc' },
          { op: 'change-directory', root: 'etc', path: '.' },
          EXEC,
        ],
      }),
    );
    expect(header).toMatchObject({ fdCount: 2, slotCount: 4 });
    expect(steps).toMatchObject([{ tree: 'slot 2' }, { root: 'slot 2', directory: 'slot 3' }, { root: 'slot 3' }, {}]);
  });

  test('stores equal strings once', () => {
    const plan = (value: string): Uint8Array =>
      encodePlan({ fds: ['report'], steps: [{ op: 'exec', argv: ['abcdefg', value], environment: [] }] });
    expect(plan('abcdefg').length).toBe(plan('abcdefx').length - 8);
  });
});

describe('a mistake in a plan', () => {
  test('with a NUL byte names the argument', () => {
    const exec: Step = { op: 'exec', argv: ['sh', 'a\0b'], environment: [] };
    expect(() => encodePlan({ fds: ['report'], steps: [exec] })).toThrow(OptionError);
    expect(() => encodePlan({ fds: ['report'], steps: [exec] })).toThrow('exec.argv[1]: "a\\u0000b" is not a string');
  });

  const chdir: Step = { op: 'change-directory', root: 'later', path: '/' };
  const open: Step = { op: 'open-tree', path: '/', flags: 0, tree: 'later' };
  test.each<[string, readonly string[], readonly Step[], string]>([
    ['a slot that is filled too late', ['report'], [chdir, open, EXEC], 'no earlier step fills slot later'],
    ['a slot that is filled twice', ['report'], [open, open, EXEC], 'slot later is filled already'],
    ['a slot that comes twice', ['report', 'a', 'a'], [EXEC], 'slot a is filled already'],
    ['no report page', ['stdin'], [EXEC], 'the first descriptor of a plan is the report page'],
    ['no exec', ['report'], [chdir], 'the last step of a plan is exec'],
    ['nothing', ['report'], [], 'the last step of a plan is exec'],
    ['too many slots', Array.from({ length: MAX_SLOTS + 1 }, (_, i) => (i ? String(i) : 'report')), [EXEC], 'at most'],
  ])('is an error: %s', (_, fds, steps, message) => {
    expect(() => encodePlan({ fds, steps })).toThrow(message);
  });
});

/** The decoder gives slots back as `slot N`; slot 0 is called `report` on the way in. */
function rename(steps: readonly Step[]): Step[] {
  const rewrite = ([name, value]: [string, unknown]): [string, unknown] => [
    name,
    value === 'slot 0' ? 'report' : value,
  ];
  return steps.map((step) => {
    const kinds = STEPS[step.op].args as Readonly<Record<string, ArgKind>>;
    return Object.fromEntries(
      Object.entries(step).map((entry) => (kinds[entry[0]] === 'fd' ? rewrite(entry) : entry)),
    ) as Step;
  });
}
