import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/spec/config/json.js';
import { checkConfig } from '../../../fuzz/check-config.js';
import { arbitraryConfig, collectValues } from '../../../fuzz/generate.js';
import { mutateConfig } from '../../../fuzz/mutate.js';
import { createRandom } from '../../../fuzz/random.js';
import { ENGINE_CONFIGS, formatJson, readFixture } from '../../../helpers/configs.js';
import { GOOD } from './good-cases.js';

const corpus = ENGINE_CONFIGS.map(readFixture);

// `npm run fuzz:config` does the same many thousand times.
describe('whatever is in a config.json, it is read, or refused with a place and a reason', () => {
  test('when files of engines are changed', () => {
    const outcomes = Array.from({ length: 400 }, (_, seed) => checkConfig(mutateConfig(corpus, createRandom(seed))));
    // A mutator that never spoils anything, or always, tests little.
    expect(new Set(outcomes)).toEqual(new Set(['read', 'refused']));
  });

  test('when there is any field that there can be', () => {
    const seen = collectValues([...corpus.map((each) => parseJson(each)), ...GOOD.map(([, given]) => given)]);
    fc.assert(
      fc.property(arbitraryConfig(seen), (value) => {
        checkConfig(Buffer.from(formatJson(value)));
      }),
      { numRuns: 300 },
    );
  });

  test('when it is no JSON at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        checkConfig(bytes);
      }),
    );
  });
});

test('a seed always makes the same file', () => {
  expect(mutateConfig(corpus, createRandom(7))).toEqual(mutateConfig(corpus, createRandom(7)));
});
