import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../../../src/errors/option-error.js';
import type { LimitOptions } from '../../../../src/spec/options.js';
import { parseLimits } from '../../../../src/spec/parse/limits.js';

const device = (path: string) => (path.startsWith('/dev/sd') ? { major: 8, minor: 1 } : undefined);
const limits = (options: LimitOptions) => parseLimits(options, device);

test('no options are no limits, and no empty sections', () => {
  expect(limits({})).toEqual({});
});

test.each<[LimitOptions, object]>([
  [{ memory: '256M' }, { memory: { limit: 268435456 } }],
  [{ memory: 4096 }, { memory: { limit: 4096 } }],
  [{ memory: '1g', memorySwap: 'max' }, { memory: { limit: 1073741824, swap: -1 } }],
  [{ memory: '1g', memorySwap: '1g' }, { memory: { limit: 1073741824, swap: 1073741824 } }],
  [{ memory: 1, memorySwap: 2, memoryReservation: 3 }, { memory: { limit: 1, swap: 2, reservation: 3 } }],
  [{ memoryReservation: '1k' }, { memory: { reservation: 1024 } }],
  [{ cpus: 1.5 }, { cpu: { quota: 150000, period: 100000 } }],
  [{ cpus: '0.01' }, { cpu: { quota: 1000, period: 100000 } }],
  [{ cpus: '2' }, { cpu: { quota: 200000, period: 100000 } }],
  [{ cpuShares: 2 }, { cpu: { shares: 2 } }],
  [{ cpuShares: 262144 }, { cpu: { shares: 262144 } }],
  [{ cpusetCpus: '0-3,7', cpusetMems: '0' }, { cpu: { cpus: '0-3,7', mems: '0' } }],
  [{ pids: 1 }, { pids: { limit: 1 } }],
  [{ ioWeight: 10 }, { blockIO: { weight: 10 } }],
  [
    { deviceReadBps: ['/dev/sda:10M'] },
    { blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 1, rate: 10485760 }] } },
  ],
  [{ deviceWriteBps: ['/dev/sda:1'] }, { blockIO: { throttleWriteBpsDevice: [{ major: 8, minor: 1, rate: 1 }] } }],
  [{ deviceReadIops: ['/dev/sd:a:7'] }, { blockIO: { throttleReadIOPSDevice: [{ major: 8, minor: 1, rate: 7 }] } }],
  [{ deviceWriteIops: ['/dev/sda:7'] }, { blockIO: { throttleWriteIOPSDevice: [{ major: 8, minor: 1, rate: 7 }] } }],
  [{ deviceReadBps: [] }, {}],
])('%j', (options, resources) => {
  expect(limits(options)).toEqual(resources);
});

const SIZES = ['', '0', '-1', 'max', '1e9', '1P', '٣', 0, -1, 1.5, NaN, Infinity, 2 ** 53] as const;

test.each<[keyof LimitOptions, readonly unknown[]]>([
  ['memory', SIZES],
  ['memorySwap', SIZES.filter((value) => value !== 'max')],
  ['memoryReservation', SIZES],
  ['cpus', [0, -1, 0.009, NaN, Infinity, '', '-1', '1e2', '0x1', ' 1', '1.', '.5', '0', 'max', '٣', '9'.repeat(400)]],
  ['cpuShares', [1, 0, -1, 262145, 1.5, NaN, Infinity]],
  ['cpusetCpus', ['', '-', '0-', ',0', '0,', 'a', '0 1', '0\n', '0\0', 'all', '-1']],
  ['cpusetMems', ['', '0--1', '0-1-2']],
  ['pids', [0, -1, 1.5, NaN, Infinity, 2 ** 53]],
  ['ioWeight', [9, 1001, 10.5, -10, NaN]],
])('%s refuses what makes no sense', (option, values) => {
  for (const value of values) {
    const options = { ...(option === 'memorySwap' ? { memory: 1 } : {}), [option]: value };
    expect(() => limits(options), String(value)).toThrow(OptionError);
    expect(() => limits(options), String(value)).toThrow(new RegExp(`^${option}: `));
  }
});

test('swap without memory is an error with a hint, for it counts both', () => {
  expect(() => limits({ memorySwap: '1g' })).toThrow(
    expect.objectContaining({ option: 'memorySwap', hint: expect.stringContaining('give memory too') as unknown }),
  );
  expect(() => limits({ memorySwap: 'max' })).toThrow('possible without memory');
});

test('swap below memory is an error', () => {
  expect(() => limits({ memory: '2g', memorySwap: '1g' })).toThrow('at least memory, which it includes');
});

describe('a device’s rate', () => {
  test.each([
    '',
    ':',
    '/dev/sda',
    '/dev/sda:',
    ':10M',
    '/dev/sda:0',
    '/dev/sda:-1',
    '/dev/sda:fast',
    '/etc/passwd:1',
    '/dev/sda\0:1',
  ])('%j is none', (entry) => {
    expect(() => limits({ deviceReadBps: ['/dev/sda:1', entry] })).toThrow(/^deviceReadBps\[1\]: /);
  });

  test('of what is no block device says so', () => {
    expect(() => limits({ deviceWriteIops: ['/tmp:1'] })).toThrow('about a block device: /tmp is none');
  });
});

test('a quota is never below what the kernel takes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4096, noNaN: true }), (cpus) => {
      try {
        const { quota } = limits({ cpus }).cpu!;
        expect(quota).toBeGreaterThanOrEqual(1000);
        expect(Number.isInteger(quota)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(OptionError);
        expect(cpus).toBeLessThan(0.01);
      }
    }),
  );
});
