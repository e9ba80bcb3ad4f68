import { describe, expect, it } from 'vitest';
import { KeyWatch, parseDetachKeys } from '../../../src/cli/detach-keys.js';
import { OptionError } from '../../../src/errors/option-error.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('parseDetachKeys', () => {
  it.each([
    ['ctrl-p,ctrl-q', [0x10, 0x11]],
    ['CTRL-P,q', [0x10, 0x71]],
    ['ctrl-[', [0x1b]],
    ['a', [0x61]],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect([...parseDetachKeys(text, 'detachKeys')]).toEqual(expected);
  });

  it.each(['ctrl-', 'ctrl-1', 'ab', 'a,', 'ctrl-p;ctrl-q', ' '])('refuses %j', (text) => {
    expect(() => parseDetachKeys(text, 'detachKeys')).toThrow(OptionError);
  });
});

describe('KeyWatch', () => {
  /** Types pieces. @returns what was handed on, and whether the keys were among it */
  const type = (keys: string, ...pieces: readonly string[]): readonly [string, boolean] => {
    const watch = new KeyWatch(bytes(keys));
    let passed = '';
    for (const piece of pieces) {
      const taken = watch.take(bytes(piece));
      passed += Buffer.from(taken.passed).toString();
      if (taken.found) return [passed, true];
    }
    return [passed, false];
  };

  it.each([
    ['ab', ['xaby'], ['x', true]],
    ['ab', ['a', 'b'], ['', true]],
    ['ab', ['a', 'c', 'ab'], ['ac', true]],
    ['ab', ['aab'], ['a', true]],
    ['aab', ['aaab'], ['a', true]],
    ['abac', ['ababac'], ['ab', true]],
    ['ab', ['a'], ['', false]],
    ['ab', ['xyz'], ['xyz', false]],
    ['', ['anything'], ['anything', false]],
  ] as const)('finds %j in %j', (keys, pieces, expected) => {
    expect(type(keys, ...pieces)).toEqual(expected);
  });
});
