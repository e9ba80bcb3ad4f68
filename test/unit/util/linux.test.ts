import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defined } from '../../../src/util/defined.js';
import { CAPABILITIES, CLONE, capabilityMask, MOUNT_ATTR } from '../../../src/util/linux.js';
import { isMissingFile } from '../../../src/util/missing.js';

describe('a set of capabilities', () => {
  test.each([
    [[], 0n],
    [['CAP_CHOWN'], 1n],
    [['CAP_SYS_ADMIN'], 1n << 21n],
    [['CAP_CHECKPOINT_RESTORE'], 1n << 40n],
    [['CAP_CHOWN', 'CAP_CHOWN'], 1n],
    [['CAP_NONSENSE', 'chown'], 0n],
  ])('%j is %s', (names, mask) => {
    expect(capabilityMask(names)).toBe(mask);
  });

  test('has one bit for each name', () => {
    fc.assert(
      fc.property(fc.subarray([...CAPABILITIES]), (names) => {
        const mask = capabilityMask(names);
        expect(CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n)).toEqual(names);
      }),
    );
  });

  test('is as long as the kernel counts', () => {
    const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
    expect(CAPABILITIES.length).toBeGreaterThanOrEqual(Math.min(last + 1, 41));
  });
});

test.each([
  ['CLONE', CLONE],
  ['MOUNT_ATTR', MOUNT_ATTR],
])('the flags of %s share no bit', (_, table) => {
  const bits = Object.values(table);
  expect(bits.reduce((sum, bit) => sum | bit, 0)).toBe(bits.reduce((sum, bit) => sum + bit, 0));
});

describe('a missing file', () => {
  test.each([
    [Object.assign(new Error(), { code: 'ENOENT' }), true],
    [Object.assign(new Error(), { code: 'ENOTDIR' }), true],
    [Object.assign(new Error(), { code: 'EACCES' }), false],
    [new Error('ENOENT'), false],
    [{ code: 'ENOENT' }, false],
    [undefined, false],
  ])('%# is told from other failures', (error, missing) => {
    expect(isMissingFile(error)).toBe(missing);
  });
});

test('values that are undefined are left out, and nothing else is', () => {
  expect(Object.entries(defined({ a: undefined, b: null, c: 0, d: '', e: false }))).toEqual([
    ['b', null],
    ['c', 0],
    ['d', ''],
    ['e', false],
  ]);
  expect(defined({})).toEqual({});
});
