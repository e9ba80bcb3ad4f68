import { describe, expect, it } from 'vitest';
import type { CgroupRef } from '../../../src/cgroup/types.js';
import { type UpdateRequest, planUpdate } from '../../../src/cgroup/update-plan.js';
import { formatOld } from '../../../src/cgroup/update-undo.js';
import type { Resources } from '../../../src/spec/resources.js';

const V2: CgroupRef = {
  id: 'web',
  v2: { path: '/c/corral/web', payload: '/c/corral/web/payload', base: '/c', controllers: [] },
  v1: [],
};
const HYBRID: CgroupRef = {
  ...V2,
  v1: [
    { controllers: ['memory'], path: '/m/corral/web', base: '/m' },
    { controllers: ['cpu', 'cpuacct'], path: '/p/corral/web', base: '/p' },
    { controllers: ['blkio'], path: '/b/corral/web', base: '/b' },
  ],
};
const LEGACY: CgroupRef = { id: 'web', v1: HYBRID.v1 };

/** `path file=value`, the last part of the path only. */
function plan(request: Partial<UpdateRequest> & { given: Resources }): readonly string[] {
  const { enable, writes } = planUpdate({
    ref: V2,
    memory: request.given.memory,
    rules: { hasSwap: true },
    present: ['cpu', 'memory', 'pids'],
    offered: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
    v1: [],
    ...request,
  });
  return [
    ...enable.map((name) => `+${name}`),
    ...writes.map(({ path, write: { file, value } }) => `${path} ${file}=${value}`),
  ];
}

describe('on v2', () => {
  it.each<[given: Resources, memory: Resources['memory'], writes: readonly string[]]>([
    [{}, undefined, []],
    [{ pids: { limit: 5 } }, undefined, ['pids.max=5']],
    [{ pids: { limit: -1 } }, undefined, ['pids.max=max']],
    [{ cpu: { quota: -1 } }, undefined, ['cpu.max=max 100000']],
    [{ cpu: { shares: 1024 } }, undefined, ['cpu.weight=100']],
    [{ memory: { limit: 5 } }, { limit: 5 }, ['memory.swap.max=0', 'memory.max=5', 'memory.oom.group=1']],
    [{ memory: { limit: 5 } }, { limit: 5, swap: 9 }, ['memory.swap.max=4', 'memory.max=5', 'memory.oom.group=1']],
    [{ memory: { swap: 9 } }, { limit: 6, swap: 9 }, ['memory.swap.max=3', 'memory.max=6', 'memory.oom.group=1']],
    [{ memory: { limit: -1 } }, { limit: -1 }, ['memory.swap.max=max', 'memory.max=max']],
    [{ memory: { reservation: 7 } }, { limit: 5, reservation: 7 }, ['memory.low=7']],
    [{ memory: { swap: -1 } }, { swap: -1 }, ['memory.swap.max=max']],
  ])('%j of %j', (given, memory, writes) => {
    expect(plan({ given, memory })).toEqual(writes.map((write) => `/c/corral/web ${write}`));
  });

  it('hands a controller down that it has not got', () => {
    expect(plan({ given: { cpu: { cpus: '0' } } })).toEqual(['+cpuset', '/c/corral/web cpuset.cpus=0']);
    expect(plan({ given: { blockIO: { weight: 10 } } })).toEqual(['+io', '/c/corral/web io.bfq.weight=10']);
  });

  it('tells of one that it found handed down already', () => {
    const request = { ref: V2, memory: undefined, rules: { hasSwap: true }, offered: ['cpuset', 'pids'], v1: [] };
    const given = { cpu: { cpus: '0' }, pids: { limit: 5 } };
    expect(planUpdate({ ...request, given, present: ['cpuset'] })).toMatchObject({
      enable: ['pids'],
      used: ['cpuset', 'pids'],
    });
  });

  it('does nothing where there is nothing to take away', () => {
    expect(plan({ given: { pids: { limit: -1 } }, present: [] })).toEqual([]);
  });

  it('says what is missing', () => {
    expect(() => plan({ given: { cpu: { cpus: '0' } }, offered: ['pids'] })).toThrow(
      expect.objectContaining({
        message: 'a new cpuset limit of "web" needs the cpuset controller',
        hint: '/c has pids',
      }),
    );
    expect(() => plan({ given: { cpu: { cpus: '0' } }, offered: [] })).toThrow(
      expect.objectContaining({ hint: '/c has no controller' }),
    );
  });
});

describe('on v1', () => {
  const v1 = ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio'];
  const onV1 = { ref: HYBRID, present: [], offered: [], v1 };

  it.each<[given: Resources, memory: Resources['memory'], memsw: number | undefined, writes: readonly string[]]>([
    [{ cpu: { shares: 5 } }, undefined, undefined, ['/p/corral/web cpu.shares=5']],
    [
      { blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 0 }] } },
      undefined,
      undefined,
      ['/b/corral/web blkio.throttle.read_bps_device=8:0 0'],
    ],
    [
      { memory: { limit: 5 } },
      { limit: 5 },
      10,
      ['/m/corral/web memory.limit_in_bytes=5', '/m/corral/web memory.memsw.limit_in_bytes=5'],
    ],
    [
      { memory: { limit: 15 } },
      { limit: 15 },
      10,
      ['/m/corral/web memory.memsw.limit_in_bytes=15', '/m/corral/web memory.limit_in_bytes=15'],
    ],
    [
      { memory: { limit: -1 } },
      { limit: -1 },
      10,
      ['/m/corral/web memory.memsw.limit_in_bytes=-1', '/m/corral/web memory.limit_in_bytes=-1'],
    ],
    [
      { memory: { limit: 15 } },
      { limit: 15 },
      undefined,
      ['/m/corral/web memory.limit_in_bytes=15', '/m/corral/web memory.memsw.limit_in_bytes=15'],
    ],
  ])('%j of %j, with both at %j', (given, memory, memswBytes, writes) => {
    expect(plan({ ...onV1, given, memory, memswBytes })).toEqual(writes);
    expect(plan({ ...onV1, ref: LEGACY, given, memory, memswBytes })).toEqual(writes);
  });

  it('refuses a kind that was not joined at the start', () => {
    expect(() => plan({ ...onV1, given: { pids: { limit: 5 } } })).toThrow(
      expect.objectContaining({
        name: 'UnsupportedError',
        message: 'a new pids limit of "web" needs its pids cgroup (v1), which it did not get at its start',
      }),
    );
    expect(() => plan({ ...onV1, ref: LEGACY, v1: [], given: { pids: { limit: 5 } } })).toThrow(
      expect.objectContaining({ hint: 'this host has none' }),
    );
  });
});

describe('formatOld', () => {
  it.each<[file: string, written: string, before: string, old: string]>([
    ['pids.max', '5', '20\n', '20'],
    ['cpu.max', 'max 100000', '50000 100000\n', '50000 100000'],
    ['cpuset.cpus', '0', '\n', '\n'],
    ['io.weight', 'default 5', 'default 100\n8:0 50\n', 'default 100'],
    ['io.max', '8:0 rbps=5', '8:0 rbps=1 wbps=2 riops=max wiops=max\n8:16 rbps=7 wbps=max\n', '8:0 rbps=1'],
    ['io.max', '8:0 wiops=5', '8:0 rbps=1 wbps=2 riops=max wiops=max\n', '8:0 wiops=max'],
    ['io.max', '8:16 rbps=5', '', '8:16 rbps=max'],
    ['blkio.throttle.read_bps_device', '8:0 5', '8:0 1048576\n8:16 3\n', '8:0 1048576'],
    ['blkio.throttle.read_bps_device', '8:32 5', '8:0 1048576\n', '8:32 0'],
  ])('of %s after %s', (file, written, before, old) => {
    expect(formatOld(file, written, before)).toBe(old);
  });
});

describe('an engine is told the field', () => {
  const rules = { hasSwap: true, engine: { pointer: '' } };

  it('whose controller is missing', () => {
    expect(() => plan({ rules, given: { cpu: { cpus: '0' } }, offered: ['pids'] })).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        message: '/cpu/cpus: "0" is not possible without the cpuset controller',
        hint: '/c has pids',
      }),
    );
  });

  it('of cgroup v2 that the container has no file for', () => {
    const given = { unified: { 'cpuset.cpus': '0' } };
    expect(() => plan({ rules, given, present: ['memory'], offered: [] })).toThrow(
      '/unified/cpuset.cpus: "0" is not possible: the container has no cpuset.cpus of cgroup v2',
    );
    expect(() => plan({ rules, given, ref: LEGACY })).toThrow('/unified/cpuset.cpus: "0" is not possible');
    expect(plan({ rules, given: { unified: { 'memory.high': '5' } } })).toEqual(['/c/corral/web memory.high=5']);
  });
});
