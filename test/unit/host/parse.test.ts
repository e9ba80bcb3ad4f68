import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStatus } from '../../../src/host/caller.js';
import { parseKernelVersion } from '../../../src/host/read-facts.js';
import { findLoan, isWithinMap, parseIdMap } from '../../../src/host/userns.js';

const status = (fields: Readonly<Record<string, string>>): string =>
  Object.entries({ Name: 'node', ...fields })
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join('');

describe('the caller', () => {
  test('is who its effective ids say', () => {
    const text = status({ Uid: '1\t2\t3\t4', Gid: '5\t6\t7\t8', Groups: '6 27 100 ', CapEff: '0000000000000000' });
    expect(parseStatus(text)).toEqual({ uid: 2, gid: 6, groups: [6, 27, 100], capabilities: 0n, privileged: false });
  });

  test('may have no groups, and a name that looks like a field', () => {
    const text = status({ Name: 'x:Uid', Uid: '1\t2\t3\t4', Gid: '5\t6\t7\t8', Groups: ' ', CapEff: '0' });
    expect(parseStatus(text)).toMatchObject({ uid: 2, gid: 6, groups: [] });
  });

  test.each([
    ['000001ffffffffff', true],
    ['0000000000200000', false], // CAP_SYS_ADMIN alone may mount, but map no ids
    ['00000000002000c3', true], // … with CHOWN, DAC_OVERRIDE, SETGID and SETUID
    ['00000000002000c1', false],
    ['00000000a80425fb', false], // what Docker leaves to a container's root
  ])('with capabilities %s is privileged: %s', (CapEff, privileged) => {
    expect(parseStatus(status({ Uid: '0\t0\t0\t0', CapEff })).privileged).toBe(privileged);
  });

  test('of a kernel that says nothing has nothing', () => {
    expect(parseStatus('')).toMatchObject({ groups: [], capabilities: 0n, privileged: false });
  });
});

describe('a kernel version', () => {
  test.each([
    ['6.1.0-18-amd64', [6, 1]],
    ['5.15.153.1-microsoft-standard-WSL2', [5, 15]],
    ['6.18', [6, 18]],
    ['10.0.1', [10, 0]],
    ['4.19.0+', [4, 19]],
    ['', [0, 0]],
    ['unknown', [0, 0]],
    ['6', [0, 0]],
  ])('%s is %j', (text, version) => {
    expect(parseKernelVersion(text)).toEqual(version);
  });
});

describe('an id map', () => {
  test.each([
    ['', []],
    ['\n', []],
    ['         0          0 4294967295\n', [{ containerId: 0, hostId: 0, size: 4294967295 }]],
    [
      '0 1000 1\n1 100000 65536\n',
      [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100000, size: 65536 },
      ],
    ],
  ])('%j', (text, ranges) => {
    expect(parseIdMap(text)).toEqual(ranges);
  });

  test('reads back', () => {
    const id = fc.nat(0xffff_fffe);
    fc.assert(
      fc.property(fc.array(fc.record({ containerId: id, hostId: id, size: id })), (ranges) => {
        const lines = ranges.map(({ containerId, hostId, size }) => `${containerId}\t${hostId}  ${size}\n`);
        expect(parseIdMap(lines.join(''))).toEqual(ranges);
      }),
    );
  });
});

describe('a loan of ids', () => {
  const text = '# subuid\nbob:100000:65536\nann:165536:0\n1000:231072:65536\nann:300000:1000\n:1:1\n';
  test.each([
    [['bob'], { first: 100000, size: 65536 }],
    [['ann'], { first: 300000, size: 1000 }],
    [['1000', 'ann'], { first: 231072, size: 65536 }],
    [['carol'], undefined],
    [[''], undefined],
    [[], undefined],
    [['# subuid'], undefined],
    [['bo'], undefined],
  ])('to %j is %j', (owners, loan) => {
    expect(findLoan(text, owners)).toEqual(loan);
  });

  test.each(['', 'ann', 'ann:', 'ann:1', 'ann:1:', 'ann:1:x', 'ann:1:-5', 'ann:1:0'])('%j is none', (line) => {
    expect(findLoan(line, ['ann'])).toBeUndefined();
  });
});

describe('ids that are lent', () => {
  const own = [
    { containerId: 0, hostId: 1000, size: 1 },
    { containerId: 1, hostId: 100_000, size: 65_535 },
  ];

  test.each([
    [{ first: 1, size: 65_535 }, true],
    [{ first: 2000, size: 100 }, true],
    [{ first: 0, size: 10 }, false],
    [{ first: 60_000, size: 65_536 }, false],
    [{ first: 100_000, size: 65_536 }, false],
  ])('%j: in the own user namespace: %j', (loan, expected) => {
    expect(isWithinMap(loan, own)).toBe(expected);
  });
});
