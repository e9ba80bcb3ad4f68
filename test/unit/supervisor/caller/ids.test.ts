import { describe, expect, it } from 'vitest';
import { parseIdMap, SAME_IDS, toInside, toOutside } from '../../../../src/supervisor/caller/ids.js';
import { hasSameIds, parseProcessStatus, parseUnifiedPath } from '../../../../src/supervisor/caller/status.js';

describe('ids of another user namespace', () => {
  const map = parseIdMap('         0     100000       1000\n      1000       1000          1\n');

  it('are found both ways, where they are mapped', () => {
    expect([0, 999, 1000].map((id) => toOutside(map, id))).toEqual([100_000, 100_999, 1000]);
    expect([100_000, 100_999, 1000].map((id) => toInside(map, id))).toEqual([0, 999, 1000]);
    expect([1001, -1].map((id) => toOutside(map, id))).toEqual([undefined, undefined]);
    expect([0, 101_000].map((id) => toInside(map, id))).toEqual([undefined, undefined]);
  });

  it('are the same in the same one', () => {
    expect([toOutside(SAME_IDS, 65_534), toInside(SAME_IDS, 0)]).toEqual([65_534, 0]);
    // -1 is no id of anybody.
    expect(toOutside(SAME_IDS, 0xffff_ffff)).toBeUndefined();
  });

  it('are none in what is no map', () => {
    expect(parseIdMap('')).toEqual([]);
    expect(parseIdMap('0 1\nx')).toEqual([]);
  });
});

const STATUS = 'Name:\tUid:\t9\nPid:\t42\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t10 20 \nNSpid:\t42\t7\t1\n';

describe('the status of a process', () => {
  it('has its ids, groups and pids', () => {
    expect(parseProcessStatus(STATUS)).toEqual({
      uids: [1, 2, 3, 4],
      gids: [5, 6, 7, 8],
      groups: [10, 20],
      nsPids: [42, 7, 1],
    });
    expect(parseProcessStatus('Groups:\t \nUid:\t0\t0\t0\t0\n')).toMatchObject({ groups: [], nsPids: [] });
  });

  it('does not take from its name what is said of it', () => {
    for (const end of ['\r', '\u2028'])
      for (const name of [`${end}Groups:0`, `${end}Uid:0 0 0 0`, `${end}Gid:0 0`, `${end}NSpid:1`])
        expect(parseProcessStatus(STATUS.replace('Uid:\t9', name))).toEqual(parseProcessStatus(STATUS));
  });

  it('tells when any of its ids is another', () => {
    const before = parseProcessStatus(STATUS);
    expect(hasSameIds(before, parseProcessStatus(STATUS))).toBe(true);
    for (const other of ['Uid:\t1\t2\t3\t0', 'Uid:\t0\t2\t3\t4', 'Uid:\t1\t0\t3\t4'])
      expect(hasSameIds(before, parseProcessStatus(STATUS.replace('Uid:\t1\t2\t3\t4', other)))).toBe(false);
    expect(hasSameIds(before, parseProcessStatus(STATUS.replace('Gid:\t5', 'Gid:\t0')))).toBe(false);
  });
});

it('the path in cgroup v2 is taken to the letter', () => {
  expect(parseUnifiedPath('5:memory:/x\n0::/a b (deleted)\n')).toBe('/a b (deleted)');
  expect(parseUnifiedPath('0::/../x\n')).toBe('/../x');
  expect(parseUnifiedPath('5:memory:/x\n')).toBeUndefined();
  // Names of cgroups may have all but a newline.
  for (const end of ['\r', '\u2028', '\u2029']) expect(parseUnifiedPath(`0::/a${end}b\n`)).toBe(`/a${end}b`);
});
