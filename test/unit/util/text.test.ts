import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closest } from '../../../src/util/closest.js';
import { formatAge, formatDuration, parseDuration } from '../../../src/util/duration.js';
import { errnoName, errnoNumber, errnoText } from '../../../src/util/errno.js';
import { parseSignal, signalName } from '../../../src/util/signals.js';
import { formatSize, parseSize } from '../../../src/util/size.js';

describe('a size', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0010', 10],
    ['512b', 512],
    ['1k', 1024],
    ['1K', 1024],
    ['1kb', 1024],
    ['512KiB', 512 * 1024],
    ['64M', 64 * 1024 ** 2],
    ['1.5g', 1.5 * 1024 ** 3],
    ['0.3k', 307],
    ['2T', 2 * 1024 ** 4],
    [' 3 m ', 3 * 1024 ** 2],
    [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    '1e9',
    '.5',
    '1.',
    '1..5',
    '0x10',
    '٣', // Arabic-Indic 3: a digit to people, none to the kernel
    '１',
    '1P',
    '1mk',
    '1 2',
    '1m\0',
    'max',
    '9007199254740993',
    '8192T',
    '9'.repeat(400),
  ])('%j is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test.each([
    [0, '0'],
    [512, '512'],
    [1023, '1023'],
    [1024, '1K'],
    [1536, '1.5K'],
    [32 * 1024 ** 2, '32M'],
    [1024 ** 4 * 3, '3T'],
    [1024 ** 2 - 1, '1M'],
    [1023.96 * 1024 ** 3, '1T'],
    [2000 * 1024 ** 4, '2000T'],
    [12.34, '12.3'],
  ])('of %d bytes reads %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test('reads back within the tenth that it was rounded to', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 50), (bytes) => {
        const back = parseSize(formatSize(bytes))!;
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.05 + 1);
      }),
    );
  });
});

describe('a duration', () => {
  test.each([
    ['10', 10_000],
    ['500ms', 500],
    ['1.5m', 90_000],
    ['0s', 0],
    [' 2h ', 7_200_000],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '-1s', '1d', '1e3', 's', '1 s', '.5s', '١', 'Infinity', '9'.repeat(400)])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0ms'],
    [12.4, '12ms'],
    [999.4, '999ms'],
    [999.6, '1s'],
    [1000, '1s'],
    [3200, '3.2s'],
    [59_940, '59.9s'],
    [59_960, '1m 0s'],
    [250_000, '4m 10s'],
    [7_500_000, '2h 5m'],
    [262_800_000, '3d 1h'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('below a second reads back as it was', () => {
    fc.assert(fc.property(fc.nat(999), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('an age', () => {
  test.each([
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [86_399_999, '23h'],
    [400 * 86_400_000, '400d'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});

describe('a signal', () => {
  test.each([
    ['TERM', 15],
    ['SIGTERM', 15],
    ['term', 15],
    ['sigkill', 9],
    ['9', 9],
    ['09', 9],
    ['64', 64],
  ])('%s is %d', (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  test.each(['', '0', '65', '-9', '1.5', 'SIG', 'SIGSIGTERM', 'TERM ', 'constructor', 'toString', '__proto__', '٩'])(
    '%j is none',
    (text) => {
      expect(parseSignal(text)).toBeUndefined();
    },
  );

  test.each(Object.entries(constants.signals))('%s reads back', (name, number) => {
    expect(parseSignal(name)).toBe(number);
    expect(parseSignal(signalName(number))).toBe(number);
  });

  test('without a name has a number', () => {
    expect(signalName(40)).toBe('SIG40');
  });
});

describe('an errno', () => {
  test.each([
    [1, 'EPERM', 'operation not permitted'],
    [2, 'ENOENT', 'no such file or directory'],
    [15, 'ENOTBLK', 'block device required'],
    [117, 'EUCLEAN', 'structure needs cleaning'],
    [999, 'errno 999', 'unknown error'],
  ])('%d is %s', (number, name, text) => {
    expect(errnoName(number)).toBe(name);
    expect(errnoText(number)).toBe(text);
  });

  test.each(Object.entries(constants.errno))('%s has its number', (name, number) => {
    expect(errnoNumber(name)).toBe(number);
  });

  test('has a number under every name it is shown by', () => {
    for (let number = 1; number <= 133; number++) {
      const name = errnoName(number);
      if (!name.startsWith('errno')) expect(errnoNumber(name)).toBe(number);
    }
  });

  test.each(['', 'EWHAT', 'constructor', 'eperm'])('%j is no name of one', (name) => {
    expect(errnoNumber(name)).toBeUndefined();
  });
});

describe('the closest word', () => {
  const KNOWN = ['memory', 'memorySwap', 'net', 'pids'];
  test.each([
    ['memroy', 'memory'],
    ['MEMORY', 'memory'],
    ['memoryswap', 'memorySwap'],
    ['pid', 'pids'],
    ['nett', 'net'],
    ['ent', 'net'],
    ['pdis', 'pids'],
    ['ten', undefined],
    ['hostname', undefined],
    ['', undefined],
  ])('to %j is %s', (word, found) => {
    expect(closest(word, KNOWN)).toBe(found);
  });

  test('is none of none', () => {
    expect(closest('memory', [])).toBeUndefined();
  });

  test('to a known word is that word', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }), (words) => {
        for (const word of words) expect(closest(word, words)).toBe(word);
      }),
    );
  });
});
