import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as blkio from '../../../src/cgroup/v1/blkio.js';
import * as cpuV1 from '../../../src/cgroup/v1/cpu.js';
import * as cpusetV1 from '../../../src/cgroup/v1/cpuset.js';
import * as memoryV1 from '../../../src/cgroup/v1/memory.js';
import * as pidsV1 from '../../../src/cgroup/v1/pids.js';
import * as cpu from '../../../src/cgroup/v2/cpu.js';
import * as cpuset from '../../../src/cgroup/v2/cpuset.js';
import * as io from '../../../src/cgroup/v2/io.js';
import * as memory from '../../../src/cgroup/v2/memory.js';
import * as pids from '../../../src/cgroup/v2/pids.js';
import type { CgroupWrite } from '../../../src/plan/types.js';

/** `file=value`, with ? where the file may be absent. */
const brief = (writes: readonly CgroupWrite[]): readonly string[] =>
  writes.map(({ file, value, ifAbsent }) => {
    const otherwise = typeof ifAbsent === 'object' ? ` else ${ifAbsent.file}=${ifAbsent.value}` : '';
    return `${file}=${value}${ifAbsent === 'skip' ? '?' : otherwise}`;
  });

const RULES = { hasSwap: true };

describe('memory', () => {
  const SWAP = { hasSwap: true };
  it.each([
    [undefined, [], []],
    [{}, [], []],
    [
      { limit: 100 },
      ['memory.max=100', 'memory.swap.max=0', 'memory.oom.group=1?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=100'],
    ],
    [
      { limit: 100, swap: 0 },
      ['memory.max=100', 'memory.swap.max=0', 'memory.oom.group=1?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=100'],
    ],
    [
      { limit: 100, swap: 150 },
      ['memory.max=100', 'memory.swap.max=50', 'memory.oom.group=1?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=150'],
    ],
    [
      { limit: 100, swap: 50 },
      ['memory.max=100', 'memory.swap.max=0', 'memory.oom.group=1?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=50'],
    ],
    [
      { limit: 100, swap: -1 },
      ['memory.max=100', 'memory.swap.max=max?', 'memory.oom.group=1?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=-1?'],
    ],
    [
      { limit: -1, swap: 70 },
      ['memory.max=max', 'memory.swap.max=70'],
      ['memory.limit_in_bytes=-1', 'memory.memsw.limit_in_bytes=70'],
    ],
    [{ limit: -1 }, ['memory.max=max'], ['memory.limit_in_bytes=-1']],
    [{ swap: 70 }, ['memory.swap.max=70'], ['memory.memsw.limit_in_bytes=70']],
    [{ reservation: 30 }, ['memory.low=30'], ['memory.soft_limit_in_bytes=30']],
  ])('%j', (resources, v2, v1) => {
    expect(brief(memory.writes({ ...(resources && { memory: resources }) }, SWAP))).toEqual(v2);
    expect(brief(memoryV1.writes({ ...(resources && { memory: resources }) }, SWAP))).toEqual(v1);
  });

  it('does not insist on limiting swap that the host does not have', () => {
    const resources = { memory: { limit: 100 } };
    expect(brief(memory.writes(resources, { hasSwap: false }))[1]).toBe('memory.swap.max=0?');
    expect(brief(memoryV1.writes(resources, { hasSwap: false }))[1]).toBe('memory.memsw.limit_in_bytes=100?');
  });

  it('counts out-of-memory kills', () => {
    expect(memory.parseEvents('low 0\nhigh 0\nmax 12\noom 2\noom_kill 3\n')).toEqual({ oomKills: 3, oom: 2, max: 12 });
    expect(memory.parseEvents('')).toEqual({ oomKills: 0, oom: 0, max: 0 });
    expect(memoryV1.parseOomControl('oom_kill_disable 0\nunder_oom 0\noom_kill 4\n')).toBe(4);
    expect(memoryV1.parseOomControl('oom_kill_disable 0\nunder_oom 0\n')).toBeUndefined();
  });
});

describe('cpu', () => {
  it.each([
    [undefined, [], []],
    [{ quota: 50_000 }, ['cpu.max=50000 100000'], ['cpu.cfs_quota_us=50000']],
    [{ quota: 50_000, period: 20_000 }, ['cpu.max=50000 20000'], ['cpu.cfs_period_us=20000', 'cpu.cfs_quota_us=50000']],
    [{ quota: -1 }, ['cpu.max=max 100000'], ['cpu.cfs_quota_us=-1']],
    [{ quota: 0 }, ['cpu.max=max 100000'], ['cpu.cfs_quota_us=-1']],
    [{ period: 20_000 }, ['cpu.max=max 20000'], ['cpu.cfs_period_us=20000']],
    [{ shares: 1024 }, ['cpu.weight=100'], ['cpu.shares=1024']],
  ])('%j', (resources, v2, v1) => {
    expect(brief(cpu.writes({ ...(resources && { cpu: resources }) }, RULES))).toEqual(v2);
    expect(brief(cpuV1.writes({ ...(resources && { cpu: resources }) }, RULES))).toEqual(v1);
  });

  it.each([
    [0, undefined],
    [1, 1],
    [2, 1],
    [1024, 100],
    [262_144, 10_000],
    [1_000_000, 10_000],
  ])('%d shares weigh %s', (shares, weight) => {
    expect(cpu.weightFromShares(shares)).toBe(weight);
  });

  it('weighs more shares never less, and within the kernel’s range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 262_143 }), (shares) => {
        const [one, next] = [cpu.weightFromShares(shares)!, cpu.weightFromShares(shares + 1)!];
        expect(one).toBeGreaterThanOrEqual(1);
        expect(next).toBeGreaterThanOrEqual(one);
        expect(next).toBeLessThanOrEqual(10_000);
      }),
    );
  });

  it('parses the time used', () => {
    expect(cpu.parseStat('usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nthrottled_usec 250\n')).toEqual({
      cpuMs: 1.5,
      userMs: 1,
      systemMs: 0.5,
      throttledMs: 0.25,
    });
    expect(cpu.parseStat('usage_usec 1500\n')).toEqual({ cpuMs: 1.5, userMs: 0, systemMs: 0 });
    expect(cpu.parseStat('')).toBeUndefined();
    expect(cpuV1.parseUsage('2500000\n')).toBe(2.5);
    expect(cpuV1.parseUsage('')).toBeUndefined();
  });
});

describe('pids and cpuset are the same in both versions', () => {
  it.each([
    [undefined, []],
    [{ limit: 0 }, ['pids.max=0']],
    [{ limit: 64 }, ['pids.max=64']],
    [{ limit: -1 }, ['pids.max=max']],
  ])('pids %j', (resources, expected) => {
    expect(brief(pids.writes({ ...(resources && { pids: resources }) }))).toEqual(expected);
    expect(brief(pidsV1.writes({ ...(resources && { pids: resources }) }))).toEqual(expected);
  });

  it.each([
    [undefined, []],
    [{ cpus: '0-1' }, ['cpuset.cpus=0-1']],
    [{ cpus: '0-1', mems: '0' }, ['cpuset.cpus=0-1', 'cpuset.mems=0']],
  ])('cpuset %j', (resources, expected) => {
    expect(brief(cpuset.writes({ ...(resources && { cpu: resources }) }))).toEqual(expected);
    expect(brief(cpusetV1.writes({ ...(resources && { cpu: resources }) }))).toEqual(expected);
  });
});

describe('io', () => {
  const device = (rate: number) => [{ major: 8, minor: 0, rate }];

  it('limits each device in each direction', () => {
    const blockIO = {
      throttleReadBpsDevice: device(1),
      throttleWriteBpsDevice: device(2),
      throttleReadIOPSDevice: device(3),
      throttleWriteIOPSDevice: device(0),
    };
    expect(brief(io.writes({ blockIO }, RULES))).toEqual([
      'io.max=8:0 rbps=1',
      'io.max=8:0 wbps=2',
      'io.max=8:0 riops=3',
      'io.max=8:0 wiops=max',
    ]);
    expect(brief(blkio.writes({ blockIO }))).toEqual([
      'blkio.throttle.read_bps_device=8:0 1',
      'blkio.throttle.write_bps_device=8:0 2',
      'blkio.throttle.read_iops_device=8:0 3',
      'blkio.throttle.write_iops_device=8:0 0',
    ]);
    expect(io.writes({}, RULES)).toEqual([]);
    expect(blkio.writes({})).toEqual([]);
  });

  it.each([
    [10, 1],
    [500, 4950],
    [1000, 10_000],
  ])('weighs %d with BFQ, %d with iocost', (weight, scaled) => {
    expect(brief(io.writes({ blockIO: { weight } }, RULES))).toEqual([
      `io.bfq.weight=${weight} else io.weight=default ${scaled}`,
    ]);
    expect(brief(blkio.writes({ blockIO: { weight } }))).toEqual([
      `blkio.bfq.weight=${weight} else blkio.weight=${weight}`,
    ]);
  });

  it('adds up the devices', () => {
    const text =
      '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=6 rios=7 wios=8 dbytes=9 dios=9\n';
    expect(io.parseStat(text)).toEqual({ readBytes: 15, writeBytes: 26, reads: 8, writes: 10 });
    expect(io.parseStat('')).toEqual({ readBytes: 0, writeBytes: 0, reads: 0, writes: 0 });
  });
});

describe('limits that are read back', () => {
  it.each([
    ['150000 100000\n', 1.5],
    ['max 100000\n', undefined],
    ['100000 0', undefined],
    ['', undefined],
  ])('cpu.max %j is %s CPUs', (text, cpus) => {
    expect(cpu.parseMax(text)).toBe(cpus);
  });

  it.each([
    ['50000\n', '100000\n', 0.5],
    ['-1\n', '100000\n', undefined],
    ['', '', undefined],
  ])('a quota of %j in %j is %s CPUs', (quota, period, cpus) => {
    expect(cpuV1.parseQuota(quota, period)).toBe(cpus);
  });

  it('of devices leave out what has none', () => {
    const text = '8:0 rbps=1048576 wbps=max riops=max wiops=120\n8:16 rbps=max wbps=max riops=max wiops=max\n';
    expect(io.parseMax(text)).toEqual([{ device: '8:0', readBps: 1048576, writeIops: 120 }]);
    expect(io.parseMax('8:0 rbps=1 new=7 odd\n')).toEqual([{ device: '8:0', readBps: 1 }]);
    expect(io.parseMax('')).toEqual([]);
  });

  it('of devices stand in four files on v1', () => {
    const files = { read_bps_device: '8:0 1048576\n8:16 5\n', write_iops_device: '8:0 120\n' };
    const read = (file: keyof typeof blkio.THROTTLES): string =>
      file in files ? files[file as 'read_bps_device'] : '';
    expect(blkio.parseThrottles(read)).toEqual([
      { device: '8:0', readBps: 1048576, writeIops: 120 },
      { device: '8:16', readBps: 5 },
    ]);
  });

  it('read what the same limits wrote', () => {
    const device = { major: 8, minor: 0, rate: 1000 };
    const [write] = io.writes({ blockIO: { throttleReadBpsDevice: [device] } }, RULES);
    expect(io.parseMax(write!.value)).toEqual([{ device: '8:0', readBps: 1000 }]);
    const [writeV1] = blkio.writes({ blockIO: { throttleReadBpsDevice: [device] } });
    expect(blkio.parseThrottles((file) => (writeV1!.file.endsWith(file) ? writeV1!.value : ''))).toEqual([
      { device: '8:0', readBps: 1000 },
    ]);
  });

  it.each([
    ['default 100\n8:0 200\n', 100],
    ['500\n', 500],
    ['', undefined],
  ])('the weight in %j is %s', (text, weight) => {
    expect(io.parseWeight(text)).toBe(weight);
  });
});

describe('what a container has used on v1', () => {
  it('is summed up over the devices', () => {
    const bytes = '8:0 Read 4096\n8:0 Write 1\n8:0 Sync 9\n8:0 Total 4097\n259:1 Read 4\n259:1 Total 4\nTotal 4101\n';
    const operations = '8:0 Read 2\n8:0 Write 1\n259:1 Read 1\nTotal 4\n';
    expect(blkio.parseServiced(bytes, operations)).toEqual({ readBytes: 4100, writeBytes: 1, reads: 3, writes: 1 });
    expect(blkio.parseServiced('Total 0\n', 'Total 0\n')).toEqual({ readBytes: 0, writeBytes: 0, reads: 0, writes: 0 });
    expect(blkio.parseServiced('', '')).toBeUndefined();
  });

  it('has the time in which the quota was used up', () => {
    expect(cpuV1.parseThrottled('nr_periods 5\nnr_throttled 2\nthrottled_time 1500000\n')).toBe(1.5);
    expect(cpuV1.parseThrottled('')).toBeUndefined();
  });
});
