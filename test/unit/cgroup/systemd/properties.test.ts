import { describe, expect, it, test } from 'vitest';
import { toProperties } from '../../../../src/cgroup/systemd/properties.js';
import type { Resources } from '../../../../src/spec/resources.js';

/** The properties as `NAME=VALUE`. */
function named(resources: Resources): readonly string[] {
  return toProperties(resources).map(({ name, value }) => `${name}=${JSON.stringify(value)}`);
}

test('nothing that was not asked for', () => {
  expect(toProperties({})).toEqual([]);
  expect(toProperties({ memory: {}, cpu: {}, blockIO: {} })).toEqual([]);
});

describe('memory', () => {
  it.each([
    [{ limit: 1 << 26 }, ['MemoryMax=67108864', 'MemorySwapMax=0']],
    [{ limit: -1 }, ['MemoryMax="infinity"']],
    [{ limit: 100, swap: 300, reservation: 50 }, ['MemoryLow=50', 'MemoryMax=100', 'MemorySwapMax=200']],
    [{ limit: 100, swap: -1 }, ['MemoryMax=100', 'MemorySwapMax="infinity"']],
  ])('%j', (memory, expected) => {
    expect(named({ memory })).toEqual(expected);
  });
});

describe('CPU time', () => {
  it.each([
    [{ quota: 50_000, period: 100_000 }, ['CPUQuotaPerSecUSec=500000', 'CPUQuotaPeriodUSec=100000']],
    [{ quota: 150_000 }, ['CPUQuotaPerSecUSec=1500000']],
    // systemd keeps whole percents, and must not give less than the file.
    [{ quota: 12_500, period: 100_000 }, ['CPUQuotaPerSecUSec=130000', 'CPUQuotaPeriodUSec=100000']],
    [{ quota: -1, period: 20_000 }, ['CPUQuotaPerSecUSec="infinity"', 'CPUQuotaPeriodUSec=20000']],
    [{ shares: 1024 }, ['CPUWeight=100']],
    [{ shares: 0 }, []],
  ])('%j', (cpu, expected) => {
    expect(named({ cpu })).toEqual(expected);
  });
});

describe('which CPUs', () => {
  it.each([
    ['0', [1]],
    ['0-3,7', [0b1000_1111]],
    ['8', [0, 1]],
    ['1, 9-10', [0b10, 0b110]],
  ])('%s is %j', (cpus, mask) => {
    expect(toProperties({ cpu: { cpus, mems: '0' } })).toEqual([
      { name: 'AllowedCPUs', type: 'ay', value: mask },
      { name: 'AllowedMemoryNodes', type: 'ay', value: [1] },
    ]);
  });

  it.each(['', 'all', '0-', '1-2-3', '999999'])('%j is left to the kernel to refuse', (cpus) => {
    expect(toProperties({ cpu: { cpus } })).toEqual([]);
  });
});

test.each([
  // One more: the keeper of the scope.
  [64, 'TasksMax=65'],
  [-1, 'TasksMax="infinity"'],
  [0, 'TasksMax=1'],
])('%i processes', (limit, expected) => {
  expect(named({ pids: { limit } })).toEqual([expected]);
});

test('I/O, by device', () => {
  const blockIO = {
    weight: 1000,
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1_000_000 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 16, rate: 0 }],
    throttleReadIOPSDevice: [{ major: 259, minor: 1, rate: 10 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 20 }],
  };
  expect(toProperties({ blockIO })).toEqual([
    { name: 'IOWeight', type: 't', value: 10_000 },
    { name: 'IOReadBandwidthMax', type: 'a(st)', value: [['/dev/block/8:0', 1_000_000]] },
    { name: 'IOWriteBandwidthMax', type: 'a(st)', value: [['/dev/block/8:16', 'infinity']] },
    { name: 'IOReadIOPSMax', type: 'a(st)', value: [['/dev/block/259:1', 10]] },
    { name: 'IOWriteIOPSMax', type: 'a(st)', value: [['/dev/block/8:0', 20]] },
  ]);
});

describe('files by name', () => {
  it('are properties where systemd has them', () => {
    const unified = {
      'memory.high': '1000',
      'memory.max': 'max',
      'pids.max': '0',
      'cpuset.cpus': '0-1',
      'cpuset.mems': '0',
      'cpu.max': '20000 100000',
    };
    expect(named({ unified })).toEqual([
      'MemoryHigh=1000',
      'MemoryMax="infinity"',
      'TasksMax=1',
      'AllowedCPUs=[3]',
      'AllowedMemoryNodes=[1]',
      'CPUQuotaPerSecUSec=200000',
      'CPUQuotaPeriodUSec=100000',
    ]);
    expect(named({ unified: { 'cpu.max': 'max' } })).toEqual(['CPUQuotaPerSecUSec="infinity"']);
  });

  it('are files only where it has none, or takes no such value', () => {
    const unified = { 'hugetlb.2MB.max': '0', 'memory.max': '1G', 'cpu.max': 'much', 'cgroup.max.depth': '3' };
    expect(toProperties({ unified })).toEqual([]);
  });

  it('count more than the other way to say the same, as in the cgroup', () => {
    expect(named({ memory: { limit: 100, swap: -1 }, unified: { 'memory.max': '50' } })).toEqual([
      'MemorySwapMax="infinity"',
      'MemoryMax=50',
    ]);
  });
});
