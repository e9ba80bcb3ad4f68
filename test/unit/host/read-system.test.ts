import { describe, expect, test } from 'vitest';
import { parseMountinfo } from '../../../src/cgroup/mountinfo.js';
import { describeProc, findFreeRange, parseDistribution, readSystemFacts } from '../../../src/host/read-system.js';

describe('a distribution', () => {
  test.each([
    ['ID=debian\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n', 'debian', [], 'Debian GNU/Linux 13 (trixie)'],
    ["NAME='Rocky'\nID='rocky'\nID_LIKE=\"rhel centos fedora\"", 'rocky', ['rhel', 'centos', 'fedora'], 'rocky'],
    ['', 'linux', [], 'linux'],
  ])('%j', (text, id, like, name) => {
    expect(parseDistribution(text)).toEqual({ id, like, name });
  });
});

test.each([
  ['', 100_000],
  ['ann:100000:65536\n', 165_536],
  ['ann:100000:65536\nbob:231072:65536\n', 296_608],
  ['# nothing\nann:10:5\nbroken\n', 100_000],
])('the first free range behind %j is at %d', (text, free) => {
  expect(findFreeRange(text)).toBe(free);
});

describe('what hides parts of /proc', () => {
  const line = (point: string, type: string, options: string): string =>
    `1 0 0:1 / ${point} rw - ${type} none ${options}`;

  test.each([
    [[line('/proc', 'proc', 'rw')], '0', []],
    [[line('/proc', 'proc', 'rw,hidepid=invisible')], 'invisible', []],
    [
      [line('/proc', 'proc', 'rw'), line('/proc/kcore', 'tmpfs', 'rw'), line('/process', 'tmpfs', 'rw')],
      '0',
      ['/proc/kcore'],
    ],
    [[line('/proc', 'proc', 'rw'), line('/proc/sys/fs/binfmt_misc', 'autofs', 'rw')], '0', []],
  ])('%j', (lines, hidepid, covered) => {
    expect(describeProc(parseMountinfo(lines.join('\n')))).toEqual({ hidepid, covered });
  });
});

test('of this host, what there must be is there', () => {
  const facts = readSystemFacts({});
  expect(facts.release).toMatch(/^\d+\.\d+/);
  expect(facts).toMatchObject({ user: { uid: process.geteuid?.() }, program: process.execPath });
  expect(facts.cpus).toMatch(/^\d/);
  expect(facts.cgroup).toEqual({ controllers: [], companions: 0 });
});
