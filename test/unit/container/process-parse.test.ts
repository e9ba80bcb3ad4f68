import { describe, expect, it } from 'vitest';
import { mapInside, parseIdMap, parseProcessStat, parseProcessStatus } from '../../../src/container/process-parse.js';

const STAT =
  '42 (a (b) c) S 1 42 42 0 -1 4194560 161 0 0 0 7 5 0 0 20 0 1 0 123456 6000640 350 18446744073709551615 1 1 0';

describe('/proc/PID/stat', () => {
  it('is read around a name with parentheses', () => {
    expect(parseProcessStat(STAT)).toEqual({ state: 'S', cpuMs: 120, memoryBytes: 350 * 4096, name: 'a (b) c' });
  });

  it.each(['', 'nonsense', '42 (cut) S 1'])('is nothing where it says nothing: %j', (text) => {
    expect(parseProcessStat(text)).toBeUndefined();
  });
});

describe('/proc/PID/status', () => {
  it('has the effective user, and the pids from outside to inside', () => {
    const text = 'Name:\tx\nUid:\t1\t1000\t3\t4\nNSpid:\t4242\t17\t1\n';
    expect(parseProcessStatus(text)).toEqual({ uid: 1000, pids: [4242, 17, 1] });
  });

  it.each(['', 'Uid:\t1\t2\t3\t4\n', 'NSpid:\t1\n'])('is nothing where something is missing: %j', (text) => {
    expect(parseProcessStatus(text)).toBeUndefined();
  });
});

describe('an id map', () => {
  const map = parseIdMap('         0     100000      65536\n     70000          5          1\nnonsense\n');

  it('is read by its lines', () => {
    expect(map).toEqual([
      { inside: 0, outside: 100_000, size: 65_536 },
      { inside: 70_000, outside: 5, size: 1 },
    ]);
  });

  it.each([
    [100_000, 0],
    [165_535, 65_535],
    [165_536, undefined],
    [99_999, undefined],
    [5, 70_000],
  ])('says what %i is inside', (id, inside) => {
    expect(mapInside(map, id)).toBe(inside);
  });
});
