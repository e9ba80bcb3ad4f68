import fc from 'fast-check';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { encodePlan } from '../../../src/plan/encode.js';
import { CLONE } from '../../../src/util/linux.js';
import { startBytes } from './launch-helper.js';

const { EBADMSG } = constants.errno;
const REFUSED = { kind: 'failed', step: undefined, errno: EBADMSG };

const VALID = encodePlan({
  fds: ['report'],
  steps: [
    { op: 'open-directory', root: undefined, path: '/', directory: 'root' },
    { op: 'change-directory', root: 'root', path: '/' },
    { op: 'exec', argv: ['/bin/true', 'x'], environment: ['A=B'] },
  ],
});

/** The valid plan with 32-bit words replaced. */
function patch(...words: readonly (readonly [offset: number, value: number])[]): Uint8Array {
  const plan = VALID.slice();
  const view = new DataView(plan.buffer);
  for (const [offset, value] of words) view.setUint32(offset, value, true);
  return plan;
}

const STEP = (index: number): number => 40 + 72 * index;

describe('corral-init refuses', () => {
  test.each<[string, Uint8Array]>([
    ['a short packet', VALID.slice(0, 20)],
    ['another magic', patch([0, 1])],
    ['another version', patch([4, 2])],
    ['a size below the head', patch([8, 10])],
    ['a size that is too large', patch([8, 0xffffffff])],
    ['a size that ends early', patch([8, VALID.length - 8])],
    ['no steps', patch([12, 0])],
    ['more steps than bytes', patch([12, 0x0fffffff])],
    ['steps outside', patch([16, 0xfffffff8])],
    ['steps in the head', patch([16, 8])],
    ['steps off their alignment', patch([16, 41])],
    ['another number of descriptors', patch([20, 2])],
    ['too many slots', patch([24, 129])],
    ['fewer slots than descriptors', patch([24, 0])],
    ['a reserved field that is set', patch([36, 1])],
    ['an unknown step', patch([STEP(0), 999])],
    ['a wrong argument count', patch([STEP(0) + 4, 2])],
    ['a slot before it is filled', patch([STEP(0) + 8, 1], [STEP(0) + 12, 0])],
    ['a slot that does not exist', patch([STEP(1) + 8, 100])],
    ['a slot that is filled twice', patch([STEP(0) + 24, 0])],
    ['a string outside', patch([STEP(0) + 16, VALID.length])],
    ['a string far outside', patch([STEP(0) + 20, 1])],
    ['a string without an end', VALID.slice().fill(0x61, VALID.length - 12)],
    ['a list off its alignment', patch([STEP(2) + 8, STEP(3) + 1])],
    ['steps after exec', patch([STEP(0), 35])],
    ['steps after serve-files', patch([STEP(0), 36])],
    ['no exec at the end', patch([12, 2])],
  ])('%s', async (_, plan) => {
    const started = await startBytes(plan);
    const { result, report } = await started.finish();
    expect(started.outcome).toEqual(REFUSED);
    expect(result.exitCode).toBe(125);
    expect(report).toMatchObject({ phase: 'failed', step: undefined, errno: EBADMSG });
  });
});

describe('a plan with flipped bits', () => {
  test('never crashes corral-init', async () => {
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(VALID.length + 8), fc.nat(40));
    // The head's size field decides how much corral-init waits for; everything behind it is fair game.
    const offset = fc.nat({ max: VALID.length / 4 - 4 }).map((index) => 12 + 4 * index);
    const flags =
      CLONE.CLONE_NEWUSER | CLONE.CLONE_NEWNS | CLONE.CLONE_NEWUTS | CLONE.CLONE_NEWIPC | CLONE.CLONE_NEWNET;
    const mutation = fc.array(fc.tuple(offset, word), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(mutation, async (words) => {
        // Some mutations are plans that do something: in a user namespace without ids, they can do it to nobody.
        const started = await startBytes(patch(...words.filter(([at]) => at + 4 <= VALID.length)), { flags });
        const { result } = await started.finish();
        expect(result.signal).toBeNull();
        expect([0, 1, 125]).toContain(result.exitCode);
      }),
      { numRuns: 200 },
    );
  });
});
