import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectHint } from '../../../src/cgroup/hints.js';
import { parseMountinfo } from '../../../src/cgroup/mountinfo.js';
import { parseFlatKeyed, parsePressure, parseSingle, parseWords } from '../../../src/cgroup/parse.js';

describe('parsers', () => {
  it('read back what was formatted', () => {
    const keys = fc.dictionary(fc.stringMatching(/^[a-z_.]{1,10}$/), fc.nat());
    fc.assert(
      fc.property(keys, (values) => {
        const text = Object.entries(values)
          .map(([key, value]) => `${key} ${value}\n`)
          .join('');
        expect(Object.fromEntries(parseFlatKeyed(text))).toEqual({ ...values });
      }),
    );
  });

  it('read a single value', () => {
    expect(parseSingle('123\n')).toBe(123);
    expect(parseSingle('max\n')).toBeUndefined();
    expect(parseSingle('')).toBeUndefined();
  });

  it('read words', () => {
    expect(parseWords('cpu memory\n')).toEqual(['cpu', 'memory']);
    expect(parseWords('\n')).toEqual([]);
  });

  it('read pressure', () => {
    const some = 'some avg10=1.50 avg60=0.00 avg300=0.00 total=1500\n';
    expect(parsePressure(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=500\n`)).toEqual({
      someMs: 1.5,
      fullMs: 0.5,
      someAvg10: 1.5,
    });
    expect(parsePressure(some)).toEqual({ someMs: 1.5, someAvg10: 1.5 });
    expect(parsePressure('')).toBeUndefined();
  });

  it('leave out of mountinfo what is no mount', () => {
    expect(parseMountinfo('nonsense\n\n36 35 98:0 /a /b rw,ro master:1 - ext3 /dev/root rw,errors=continue\n')).toEqual(
      [
        {
          id: 36,
          parent: 35,
          root: '/a',
          point: '/b',
          options: ['rw', 'ro'],
          type: 'ext3',
          source: '/dev/root',
          superOptions: ['rw', 'errors=continue'],
        },
      ],
    );
  });
});

describe('selectHint', () => {
  const cgroup = '/c';
  it.each([
    ['cgroup.subtree_control', 'EBUSY', /processes in \/c itself/],
    ['cgroup.subtree_control', 'ENOENT', /does not hand it down/],
    ['cgroup.procs', 'EBUSY', /hands controllers to its children/],
    ['cgroup.procs', 'EACCES', /not delegated/],
    ['cgroup.procs', 'ENOSPC', /cpuset/],
    ['memory.memsw.limit_in_bytes', 'ENOENT', /swapaccount=1/],
    ['memory.swap.max', 'ENOENT', /swapaccount=1/],
    ['memory.max', 'EBUSY', /uses more than that/],
    ['io.max', 'ENODEV', /no such block device/],
    ['memory.max', 'EROFS', /read-only/],
    ['memory.max', 'EACCES', /delegated to you/],
    ['memory.max', 'EPERM', /delegated to you/],
    [undefined, 'EAGAIN', /max\.descendants/],
    [undefined, 'EEXIST', /corral prune/],
    [undefined, 'EROFS', /read-only/],
  ])('%s: %s', (file, errno, expected) => {
    expect(selectHint({ errno, cgroup, ...(file !== undefined && { file }) })).toMatch(expected);
  });

  it('knows when it does not know', () => {
    expect(selectHint({ errno: 'EINVAL', cgroup, file: 'memory.max' })).toBeUndefined();
    expect(selectHint({ errno: 'EEXIST', cgroup, file: 'memory.max' })).toBeUndefined();
  });
});
