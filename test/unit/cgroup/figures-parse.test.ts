import { expect, it } from 'vitest';
import {
  parseDeviceCounts,
  parseIoCounts,
  parseNumbers,
  parseStall,
  parseUint,
} from '../../../src/cgroup/figures-parse.js';

it('reads a number with all its digits', () => {
  expect(parseUint('9223372036854771712\n')).toBe(9223372036854771712n);
  expect([parseUint('max\n'), parseUint(''), parseUint(undefined), parseUint('-1')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('reads a flat keyed file', () => {
  expect(parseNumbers('anon 4096\nfile 0\nnot a line\n')).toEqual({ anon: 4096n, file: 0n });
  expect(parseNumbers(undefined)).toEqual({});
});

it('reads counts by device', () => {
  expect(parseDeviceCounts('8:0 Read 5\n8:16 7\nTotal 12\n')).toEqual([
    { major: 8n, minor: 0n, operation: 'Read', value: 5n },
    { major: 8n, minor: 16n, value: 7n },
  ]);
  expect(parseDeviceCounts(undefined)).toEqual([]);
  expect(parseIoCounts('8:0 rbytes=5 wbytes=6 rios=7\nnothing\n', { rbytes: 'Read', wbytes: 'Write' })).toEqual([
    { major: 8n, minor: 0n, operation: 'Read', value: 5n },
    { major: 8n, minor: 0n, operation: 'Write', value: 6n },
  ]);
});

it('reads stall times', () => {
  const some = 'some avg10=1.50 avg60=0.20 avg300=0.00 total=33\n';
  const full = some.replace('some', 'full');
  const times = { avg10: 1.5, avg60: 0.2, avg300: 0, total: 33n };
  expect(parseStall(some + full)).toEqual({ some: times, full: times });
  expect(parseStall(some)).toEqual({ some: times });
  expect([parseStall(full), parseStall(undefined)]).toEqual([undefined, undefined]);
});
