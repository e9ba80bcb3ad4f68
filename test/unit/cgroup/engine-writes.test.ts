import { describe, expect, it } from 'vitest';
import type { CgroupFacts } from '../../../src/cgroup/types.js';
import type { CgroupWrite } from '../../../src/plan/types.js';
import type { Resources } from '../../../src/spec/resources.js';
import { failure, HYBRID, plan, TOP, UNIFIED } from '../../helpers/engine-plans.js';

const brief = ({ file, value, ifAbsent }: CgroupWrite): string =>
  `${file}=${value}${ifAbsent === 'skip' ? '?' : ifAbsent === undefined ? '' : ` else ${ifAbsent.file}=${ifAbsent.value}`}`;

const onV2 = (resources: Resources): readonly string[] => plan(resources).v2!.writes.map(brief);
const onV1 = (resources: Resources): readonly string[] =>
  plan(resources, HYBRID).v1.flatMap(({ writes }) => writes.map(brief));

const DEVICE = { major: 8, minor: 0 };

describe('resources become writes', () => {
  it.each<[Resources, readonly string[], readonly string[]]>([
    [{}, [], []],
    [{ memory: { limit: 100 } }, ['memory.max=100'], ['memory.limit_in_bytes=100']],
    [
      { memory: { limit: 100, swap: 150, reservation: 50 } },
      ['memory.low=50', 'memory.max=100', 'memory.swap.max=50'],
      ['memory.soft_limit_in_bytes=50', 'memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=150'],
    ],
    [
      { memory: { limit: 100, swap: 100 } },
      ['memory.max=100', 'memory.swap.max=0'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=100'],
    ],
    [
      { memory: { limit: 100, swap: -1 } },
      ['memory.max=100', 'memory.swap.max=max?'],
      ['memory.limit_in_bytes=100', 'memory.memsw.limit_in_bytes=-1?'],
    ],
    [
      { memory: { limit: -1, reservation: 1 } },
      ['memory.low=1', 'memory.max=max', 'memory.swap.max=max?'],
      ['memory.soft_limit_in_bytes=1', 'memory.limit_in_bytes=-1', 'memory.memsw.limit_in_bytes=-1?'],
    ],
    [
      { memory: { limit: -1, swap: 70 } },
      ['memory.max=max', 'memory.swap.max=70'],
      ['memory.limit_in_bytes=-1', 'memory.memsw.limit_in_bytes=70'],
    ],
    [{ pids: { limit: 0 } }, ['pids.max=0'], ['pids.max=0']],
    [{ pids: { limit: -1 } }, [], []],
    [
      { cpu: { shares: 1024, quota: 50_000, period: 100_000, burst: 10 } },
      ['cpu.weight=100', 'cpu.max.burst=10', 'cpu.max=50000 100000'],
      ['cpu.shares=1024', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=50000', 'cpu.cfs_burst_us=10'],
    ],
    [{ cpu: { shares: 1024, idle: 1 } }, ['cpu.idle=1'], ['cpu.idle=1']],
    [
      { cpu: { shares: 2, idle: 0, burst: 0 } },
      ['cpu.idle=0?', 'cpu.weight=1', 'cpu.max.burst=0?'],
      ['cpu.idle=0?', 'cpu.shares=2', 'cpu.cfs_burst_us=0?'],
    ],
    [{ cpu: { cpus: '0-1', mems: '0' } }, ['cpuset.cpus=0-1', 'cpuset.mems=0'], ['cpuset.cpus=0-1', 'cpuset.mems=0']],
    [
      { blockIO: { weight: 500, weightDevice: [{ ...DEVICE, weight: 100 }] } },
      ['io.bfq.weight=500 else io.weight=default 4950', 'io.bfq.weight=8:0 100 else io.weight=8:0 910'],
      [
        'blkio.bfq.weight=500 else blkio.weight=500',
        'blkio.bfq.weight_device=8:0 100 else blkio.weight_device=8:0 100',
      ],
    ],
    [
      {
        blockIO: { throttleReadBpsDevice: [{ ...DEVICE, rate: 9 }], throttleWriteIOPSDevice: [{ ...DEVICE, rate: 0 }] },
      },
      ['io.max=8:0 rbps=9', 'io.max=8:0 wiops=max'],
      ['blkio.throttle.read_bps_device=8:0 9', 'blkio.throttle.write_iops_device=8:0 0'],
    ],
    [
      { hugepageLimits: [{ pageSize: '2MB', limit: 4_194_304 }] },
      ['hugetlb.2MB.max=4194304', 'hugetlb.2MB.rsvd.max=4194304?'],
      ['hugetlb.2MB.limit_in_bytes=4194304', 'hugetlb.2MB.rsvd.limit_in_bytes=4194304?'],
    ],
    [
      { rdma: { mlx5_0: { hcaHandles: 3, hcaObjects: 9 }, rxe: { hcaObjects: 1 }, none: {} } },
      ['rdma.max=mlx5_0 hca_handle=3 hca_object=9', 'rdma.max=rxe hca_object=1'],
      ['rdma.max=mlx5_0 hca_handle=3 hca_object=9', 'rdma.max=rxe hca_object=1'],
    ],
  ])('%j', (resources, v2, v1) => {
    expect(onV2(resources)).toEqual(v2);
    expect([...onV1(resources)].sort()).toEqual([...v1].sort());
  });

  it('has what only v1 has', () => {
    expect(
      onV1({
        memory: { kernel: 7, kernelTCP: 8, swappiness: 0, disableOOMKiller: true },
        cpu: { realtimePeriod: 1000, realtimeRuntime: 900 },
        blockIO: { leafWeight: 10, weightDevice: [{ ...DEVICE, leafWeight: 20 }] },
        network: { classID: 1_048_577, priorities: [{ name: 'eth0', priority: 5 }] },
      }),
    ).toEqual([
      'cpu.rt_period_us=1000',
      'cpu.rt_runtime_us=900',
      'memory.kmem.limit_in_bytes=7',
      'memory.kmem.tcp.limit_in_bytes=8',
      'memory.swappiness=0',
      'memory.oom_control=1',
      'blkio.leaf_weight=10',
      'blkio.leaf_weight_device=8:0 20',
      'net_cls.classid=1048577',
      'net_prio.ifpriomap=eth0 5',
    ]);
  });

  it('writes unified files as they are, one line at a time, after all else', () => {
    const unified = { 'io.max': '259:0 rbps=1\n253:0 wiops=2\n', 'memory.min': '', 'cgroup.max.depth': '3' };
    expect(onV2({ unified, pids: { limit: 4 } })).toEqual([
      'pids.max=4',
      'io.max=259:0 rbps=1',
      'io.max=253:0 wiops=2',
      'memory.min=',
      'cgroup.max.depth=3',
    ]);
  });

  it('keeps all digits of 64 bits', () => {
    expect(onV2({ hugepageLimits: [{ pageSize: '1GB', limit: 2n ** 63n + 1n }] })[0]).toBe(
      'hugetlb.1GB.max=9223372036854775809',
    );
  });

  it('can weigh as runc did before 1.3.2', () => {
    const { v2 } = plan({ cpu: { shares: 1024 } }, UNIFIED, { formula: 'linear' });
    expect(v2!.writes.map(brief)).toEqual(['cpu.weight=39']);
  });

  it('says with each write who asks for it', () => {
    expect(plan({ pids: { limit: 4 } }).v2!.writes).toEqual([
      { file: 'pids.max', value: '4', asked: { pointer: '/linux/resources/pids/limit', value: 4 } },
    ]);
  });
});

describe('what cannot be done is named by its place', () => {
  const V1_ONLY = 'possible with cgroup v2, which has no such limit';
  it.each<[Resources, string, unknown, string]>([
    [{ memory: { kernel: 5 } }, 'memory/kernel', 5, V1_ONLY],
    [{ memory: { kernelTCP: 5 } }, 'memory/kernelTCP', 5, V1_ONLY],
    [{ memory: { swappiness: 0 } }, 'memory/swappiness', 0, V1_ONLY],
    [{ memory: { disableOOMKiller: true } }, 'memory/disableOOMKiller', true, V1_ONLY],
    [{ memory: { swap: 5 } }, 'memory/swap', 5, 'possible without a limit of memory'],
    [{ memory: { limit: 6, swap: 5 } }, 'memory/swap', 5, 'at least the limit of memory, 6'],
    [{ memory: { limit: -2, reservation: 1 } }, 'memory/limit', -2, 'a number of bytes, or -1 for no limit'],
    [{ cpu: { realtimeRuntime: 5 } }, 'cpu/realtimeRuntime', 5, V1_ONLY],
    [{ cpu: { realtimePeriod: 5 } }, 'cpu/realtimePeriod', 5, V1_ONLY],
    [{ blockIO: { leafWeight: 10 } }, 'blockIO/leafWeight', 10, V1_ONLY],
    [{ blockIO: { weightDevice: [{ ...DEVICE, leafWeight: 10 }] } }, 'blockIO/weightDevice/0/leafWeight', 10, V1_ONLY],
    [{ network: { classID: 1 } }, 'network/classID', 1, V1_ONLY],
    [
      { network: { priorities: [{ name: 'a', priority: 1 }] } },
      'network/priorities/0',
      { name: 'a', priority: 1 },
      V1_ONLY,
    ],
    [{ hugepageLimits: [{ pageSize: '../x', limit: 1 }] }, 'hugepageLimits/0/pageSize', '../x', 'a size such as 2MB'],
    [{ rdma: { 'a b/c': { hcaHandles: 1 } } }, 'rdma/a b~1c', 'a b/c', 'the name of a device'],
    [{ unified: { 'x/../y': '1' } }, 'unified/x~1..~1y', '1', 'possible: x/../y is not a cgroup v2 file'],
    [{ unified: { 'cgroup.procs': '1' } }, 'unified/cgroup.procs', '1', 'possible: cgroup.procs is not'],
    [{ unified: { 'misc.max': '1' } }, 'unified/misc.max', '1', 'possible: cgroup v2 has no misc controller here'],
    [{ devices: [{ allow: true, access: 'x' }] }, 'devices/0/access', 'x', 'made of the letters'],
  ])('%j on v2', (resources, field, value, words) => {
    const { pointer, message, value: given } = failure(() => plan(resources));
    expect(pointer).toBe(`/linux/resources/${field}`);
    expect(given).toEqual(value);
    expect(message).toContain(` is not ${words}`);
  });

  it.each<[Resources, string, string]>([
    [{ memory: { swappiness: 101 } }, 'memory/swappiness', '0–100'],
    [{ cpu: { shares: 1 } }, 'cpu/shares', '2–262144'],
    [{ cpu: { shares: 262_145 } }, 'cpu/shares', '2–262144'],
    [
      { network: { priorities: [{ name: 'a b', priority: 1 }] } },
      'network/priorities/0/name',
      'the name of an interface',
    ],
    [{ unified: { 'memory.max': '1' } }, 'unified/memory.max', 'possible: cgroup v2 has no memory controller here'],
    [
      {
        devices: [
          { allow: true, type: 'c', access: 'r' },
          { allow: false, type: 'c', major: 1, access: 'r' },
        ],
      },
      'devices/1',
      'possible with cgroup v1',
    ],
  ])('%j on v1', (resources, field, words) => {
    const { pointer, message } = failure(() => plan(resources, HYBRID));
    expect([pointer, message.includes(` is not ${words}`)]).toEqual([`/linux/resources/${field}`, true]);
  });

  it('says how to get a controller', () => {
    const without = (facts: CgroupFacts, name: string): CgroupFacts => ({
      ...facts,
      layout: { ...facts.layout, v1: facts.layout.v1.filter(({ controllers }) => !controllers.includes(name)) },
    });
    const limits = { hugepageLimits: [{ pageSize: '2MB', limit: 5 }] };
    expect(failure(() => plan(limits, without(HYBRID, 'hugetlb')))).toMatchObject({
      pointer: '/linux/resources/hugepageLimits/0',
      value: { pageSize: '2MB', limit: 5 },
      hint: 'mount -t cgroup -o hugetlb hugetlb /sys/fs/cgroup/hugetlb',
    });
    const off = { ...HYBRID, layout: { ...without(HYBRID, 'memory').layout, disabled: ['memory'] } };
    expect(failure(() => plan({ memory: { limit: 5 } }, off)).hint).toMatch(/cgroup_disable=memory/);
    const nothing = { ...UNIFIED, v2Top: { ...TOP, controllers: [] } };
    expect(failure(() => plan({ memory: { limit: 5 } }, nothing)).message).toMatch(
      /no cgroup has the memory controller$/,
    );
    const { v2: _, ...layout } = HYBRID.layout;
    const legacy = { ...HYBRID, layout: { ...layout, mode: 'legacy' as const } };
    expect(failure(() => plan({ unified: { 'pids.max': '1' } }, legacy)).message).toMatch(
      /possible without cgroup v2$/,
    );
    expect(failure(() => plan({ devices: [{ allow: false }] }, without(legacy, 'devices')))).toMatchObject({
      pointer: '/linux/resources/devices',
    });
    expect(plan({}, without(legacy, 'devices')).devices).toBeUndefined();
  });
});
