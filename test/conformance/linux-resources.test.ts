import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'vitest';
import { readCgroupFacts } from '../../src/cgroup/facts.js';
import { listCgroups } from '../helpers/leaks.js';
import { hasController } from '../helpers/requires.js';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import type { Machine } from './lib/machine.js';
import { type Section, describeSection } from './lib/section.js';

const { layout } = readCgroupFacts();
const IS_V2 = layout.v1.length === 0;
const v1Has = (controller: string): boolean => layout.v1.some(({ controllers }) => controllers.includes(controller));
const NEEDS_V2 = 'needs a host with nothing but cgroup v2';
const DISK = /^ *(\d+) +(\d+) +\d+ (?:sd|vd|nvme|xvd|ubd)\w*$/m.exec(readFileSync('/proc/partitions', 'utf8'));

/** The files of the container’s cgroups, by their names. */
type Files = Readonly<Record<string, string>>;

/** Creates a container with these limits, and reads what its cgroups have. */
async function limits(machine: Machine, resources: Json, names: readonly string[]): Promise<Files> {
  const { id } = await machine.create({ linux: { resources, namespaces: ordinaryNamespaces() } });
  const files = readFiles(machine, names);
  machine.delete(id, '--force');
  return files;
}

function readFiles(machine: Machine, names: readonly string[]): Files {
  const paths = listCgroups(machine.cgroupParent).filter((path) => basename(path).startsWith('c'));
  return Object.fromEntries(
    names.flatMap((name) => paths.flatMap((path) => read(`${path}/${name}`).map((text) => [name, text] as const))),
  );
}

function read(path: string): readonly string[] {
  try {
    return [readFileSync(path, 'utf8').trim()];
  } catch {
    return []; // of another controller
  }
}

async function refuses(machine: Machine, resources: Json): Promise<void> {
  expect((await machine.tryCreate({ linux: { resources, namespaces: ordinaryNamespaces() } })).code).not.toBe(0);
}

const MIB = 2 ** 20;

/** Both layouts say the same in files of their own. */
const WANTED: Readonly<Record<string, { readonly resources: Json; readonly v1: Files; readonly v2: Files }>> = {
  'memory.limit': {
    resources: { memory: { limit: 64 * MIB, reservation: 32 * MIB, swap: 80 * MIB } },
    v1: {
      'memory.limit_in_bytes': String(64 * MIB),
      'memory.soft_limit_in_bytes': String(32 * MIB),
      'memory.memsw.limit_in_bytes': String(80 * MIB),
    },
    v2: { 'memory.max': String(64 * MIB), 'memory.low': String(32 * MIB), 'memory.swap.max': String(16 * MIB) },
  },
  'memory.unlimited': {
    resources: { memory: { limit: -1, swap: -1 } },
    v1: { 'memory.limit_in_bytes': '9223372036854771712' },
    v2: { 'memory.max': 'max', 'memory.swap.max': 'max' },
  },
  'cpu.shares': {
    resources: { cpu: { shares: 512, quota: 20_000, period: 50_000 } },
    v1: { 'cpu.shares': '512', 'cpu.cfs_quota_us': '20000', 'cpu.cfs_period_us': '50000' },
    v2: { 'cpu.max': '20000 50000' },
  },
  'pids.limit': { resources: { pids: { limit: 77 } }, v1: { 'pids.max': '77' }, v2: { 'pids.max': '77' } },
};

describeSection('config-linux.md: resources', ({ says }) => {
  const saysOf = (key: Parameters<Section['says']>[0], controller: string): void => {
    says(key, async (machine, context) => {
      const wanted = WANTED[key];
      if (!IS_V2 && !v1Has(controller)) context.skip(`needs the ${controller} controller`);
      const files = (IS_V2 ? wanted?.v2 : wanted?.v1) ?? {};
      expect(await limits(machine, wanted?.resources ?? {}, Object.keys(files))).toEqual(files);
    });
  };
  saysOf('memory.limit', 'memory');
  saysOf('memory.unlimited', 'memory');
  saysOf('cpu.shares', 'cpu');
  saysOf('pids.limit', 'pids');

  says(
    'pids.zero',
    async (machine) => {
      expect(await limits(machine, { pids: { limit: 0 } }, ['pids.max'])).toEqual({ 'pids.max': '0' });
    },
    {
      runc: async (machine) => {
        expect(await limits(machine, { pids: { limit: 0 } }, ['pids.max'])).toEqual({ 'pids.max': 'max' });
      },
    },
  );

  says('memory.swappiness', async (machine) => {
    if (IS_V2) return refuses(machine, { memory: { swappiness: 33 } });
    expect(await limits(machine, { memory: { swappiness: 33 } }, ['memory.swappiness'])).toEqual({
      'memory.swappiness': '33',
    });
  });
  says('memory.oom', async (machine) => {
    if (IS_V2) return refuses(machine, { memory: { disableOOMKiller: true } });
    const { 'memory.oom_control': control } = await limits(
      machine,
      { memory: { limit: 64 * MIB, disableOOMKiller: true } },
      ['memory.oom_control'],
    );
    expect(control).toMatch(/^oom_kill_disable 1$/m);
  });
  says('memory.check', async (machine) => {
    // 24 MiB in use, and 4 wanted.
    const script = 'exec perl -e \'$x = "x" x (24 << 20); $| = 1; print "filled\\n"; sleep 1000\'';
    const { id, output, bundle } = await machine.create({
      script: `${script} >/filled`,
      linux: { resources: { memory: { limit: 64 * MIB } }, namespaces: ordinaryNamespaces() },
    });
    void output;
    machine.ok('start', id);
    await machine.untilText(`${bundle}/rootfs/filled`, 'filled');
    const memory = { limit: 4 * MIB, swap: 4 * MIB, checkBeforeUpdate: true };
    const file = `${machine.directory()}/resources.json`;
    writeFileSync(file, JSON.stringify({ memory }));
    expect(machine.call('update', '--resources', file, id).code).not.toBe(0);
    expect(machine.state(id).status).toBe('running');
    const name = IS_V2 ? 'memory.max' : 'memory.limit_in_bytes';
    expect(readFiles(machine, [name])[name]).toBe(String(64 * MIB));
  });

  const burst = { cpu: { quota: 20_000, period: 50_000, burst: 10_000 } };
  says(
    'cpu.burst',
    async (machine) => {
      const name = IS_V2 ? 'cpu.max.burst' : 'cpu.cfs_burst_us';
      expect(await limits(machine, burst, [name])).toEqual({ [name]: '10000' });
      await refuses(machine, { cpu: { ...burst.cpu, burst: 30_000 } });
    },
    {
      runc: async (machine) => {
        expect(await limits(machine, burst, ['cpu.cfs_burst_us', 'cpu.max.burst'])).toMatchObject(
          IS_V2 ? { 'cpu.max.burst': '0' } : { 'cpu.cfs_burst_us': '0' },
        );
      },
    },
  );
  says('cpu.set', async (machine, context) => {
    if (!hasController('cpuset')) context.skip('needs the cpuset controller');
    const names = ['cpuset.cpus', 'cpuset.mems'];
    expect(await limits(machine, { cpu: { cpus: '0', mems: '0' } }, names)).toEqual({
      'cpuset.cpus': '0',
      'cpuset.mems': '0',
    });
  });
  says(
    'cpu.idle',
    async (machine) => {
      expect(await limits(machine, { cpu: { idle: 1 } }, ['cpu.idle'])).toEqual({ 'cpu.idle': '1' });
    },
    {
      runc: async (machine) => {
        expect(await limits(machine, { cpu: { idle: 1 } }, ['cpu.idle'])).toEqual({ 'cpu.idle': '0' });
      },
    },
  );
  const realtime = { realtimeRuntime: 1000, realtimePeriod: 100_000 };
  says('cpu.realtime', async (machine, context) => {
    // v2 has none, and of v1 the parent has to have some: so it is the top.
    if (IS_V2) return refuses(machine, { cpu: realtime });
    if (!layout.v1.some(({ mount }) => read(`${mount}/cpu.rt_runtime_us`).length > 0))
      context.skip('needs a kernel with real-time groups');
    const name = `${machine.cgroupParent}-rt`;
    const { id } = await machine.create({
      linux: { resources: { cpu: realtime }, cgroupsPath: `/${name}`, namespaces: ordinaryNamespaces() },
    });
    const seen = layout.v1.flatMap(({ mount }) =>
      ['runtime', 'period'].flatMap((word) => read(`${mount}/${name}/cpu.rt_${word}_us`)),
    );
    expect(seen).toEqual(['1000', '100000']);
    machine.delete(id, '--force');
  });

  says(
    'blkio.weight',
    async (machine) => {
      await refuses(machine, { blockIO: { weightDevice: [{ major: 8, minor: 0 }] } });
    },
    {
      runc: async (machine) => {
        const { code, stderr } = await machine.tryCreate({
          linux: {
            resources: { blockIO: { weightDevice: [{ major: 8, minor: 0 }] } },
            namespaces: ordinaryNamespaces(),
          },
        });
        // Where there is such a file, it takes it; elsewhere it does not get that far.
        expect(code === 0 || stderr.includes('weight_device'), stderr).toBe(true);
      },
    },
  );
  says('blkio.throttle', async (machine, context) => {
    const [, major = '', minor = ''] = DISK ?? [];
    if (DISK === null || (!IS_V2 && !v1Has('blkio'))) context.skip('needs a disk, and a controller for it');
    const rate = (value: number): readonly Json[] => [{ major: Number(major), minor: Number(minor), rate: value }];
    const blockIO = {
      throttleReadBpsDevice: rate(1_000_000),
      throttleWriteBpsDevice: rate(2_000_000),
      throttleReadIOPSDevice: rate(300),
      throttleWriteIOPSDevice: rate(400),
    };
    const words = ['read_bps', 'write_bps', 'read_iops', 'write_iops'].map((word) => `blkio.throttle.${word}_device`);
    const device = `${major}:${minor}`;
    const seen = await limits(machine, { blockIO }, IS_V2 ? ['io.max'] : words);
    const wanted = IS_V2
      ? [`${device} rbps=1000000 wbps=2000000 riops=300 wiops=400`]
      : [1_000_000, 2_000_000, 300, 400].map((value) => `${device} ${String(value)}`);
    expect(Object.values(seen)).toEqual(wanted);
  });
  says('hugepages', async (machine) => {
    await refuses(machine, { hugepageLimits: [{ pageSize: '3MB', limit: 6 * MIB }] });
  });
  says('network.cgroup', async (machine, context) => {
    if (v1Has('net_cls')) {
      const name = 'net_cls.classid';
      expect(await limits(machine, { network: { classID: 1_048_577 } }, [name])).toEqual({ [name]: '1048577' });
      return;
    }
    if (layout.v2 === undefined && !v1Has('net_prio')) context.skip('needs a hierarchy');
    await refuses(machine, { network: { classID: 1_048_577 } });
  });
  says('rdma', (machine) => refuses(machine, { rdma: { mlx5_1: {} } }));

  says('unified.absent', async (machine) => {
    await refuses(machine, { unified: { 'nosuch.max': '1' } });
    await refuses(machine, { unified: { 'misc.max': 'nosuch 1' } });
  });
  const ifV2 =
    (check: (machine: Machine) => Promise<void>): Parameters<Section['says']>[1] =>
    (machine, context) =>
      IS_V2 ? check(machine) : context.skip(NEEDS_V2);
  says(
    'unified.enabled',
    ifV2(async (machine) => {
      expect(await limits(machine, { unified: { 'memory.max': String(64 * MIB) } }, ['memory.max'])).toEqual({
        'memory.max': String(64 * MIB),
      });
    }),
  );
  says(
    'unified.unknown',
    ifV2(async (machine) => {
      expect(await limits(machine, { unified: { 'memory.oom.group': '1' } }, ['memory.oom.group'])).toEqual({
        'memory.oom.group': '1',
      });
    }),
  );
  says(
    'unified.converted',
    ifV2((machine) => refuses(machine, { memory: { kernelTCP: MIB } })),
  );
});
