import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import type { Container } from '../../../src/container/container.js';
import { Store } from '../../../src/container/store.js';
import { killHard, startOwner } from '../../helpers/owner.js';
import { makeLab, untilSays } from '../../helpers/lab.js';
import { hasController, requires } from '../../helpers/requires.js';

const lab = makeLab();

const MB = 1024 * 1024;

const onV2 = (controller: string): boolean => readCgroupFacts().v2Base?.controllers.includes(controller) === true;

/** Starts a container that does nothing, with some memory in use. */
async function box(options: Parameters<typeof lab.spawn>[1], megabytes = 1): Promise<Container> {
  const script = `$| = 1; my $all = 'x' x (${String(megabytes)} << 20); print "ready\\n"; sleep 1 while 1`;
  const container = await lab.spawn(['perl', '-e', script], options);
  await untilSays(container, 'ready');
  return container;
}

/** Reads a file of the container's cgroup, on whichever hierarchy has the controller. */
function readLimit(id: string, controller: string, v2File: string, v1File = v2File): string {
  const { cgroup } = new Store(lab.stateDir).get(id);
  const v1 = cgroup.v1.find(({ controllers }) => controllers.includes(controller));
  const path = v1 === undefined ? `${cgroup.v2?.path ?? ''}/${v2File}` : `${v1.path}/${v1File}`;
  return readFileSync(path, 'utf8').trim();
}

const readMemory = (id: string): string => readLimit(id, 'memory', 'memory.max', 'memory.limit_in_bytes');

const scratch: string[] = [];
afterEach(() => {
  for (const path of scratch.splice(0)) rmSync(path, { recursive: true });
});

/** Makes a directory of which the kernel can let go in memory. */
function diskDirectory(): string | undefined {
  // ext2 and its heirs, XFS, Btrfs.
  const disks = [0xef53, 0x58465342, 0x9123683e];
  const candidates = ['/var/tmp', join(process.cwd(), 'node_modules')];
  const parent = candidates.find((path) => disks.includes(statfsSync(path).type));
  if (parent === undefined) return undefined;
  const path = mkdtempSync(join(parent, 'corral-test-'));
  scratch.push(path);
  return path;
}

describe('update', () => {
  it('changes what is named, and nothing else', async (context) => {
    requires(context, { controllers: ['memory', 'pids', 'cpu'], programs: ['perl'] });
    const container = await box({ name: 'web', memory: '64M', pids: 20, cpus: 0.5, cpuShares: 512 });
    expect(await container.update({ pids: 30 })).toMatchObject({ pidsMax: 30, memoryMaxBytes: 64 * MB, cpus: 0.5 });
    expect(await lab.containers.update('web', { memory: '96M', cpus: '1.5' })).toMatchObject({
      pidsMax: 30,
      memoryMaxBytes: 96 * MB,
      cpus: 1.5,
    });
    expect(readLimit('web', 'pids', 'pids.max')).toBe('30');
    expect(readMemory('web')).toBe(String(96 * MB));
    const { spec, limits } = lab.containers.inspect('web');
    expect(spec.linux.resources).toEqual({
      memory: { limit: 96 * MB },
      pids: { limit: 30 },
      cpu: { quota: 150_000, period: 100_000, shares: 512 },
    });
    expect(limits).toMatchObject({ pidsMax: 30, memoryMaxBytes: 96 * MB, cpus: 1.5 });
    expect(lab.containers.get('web').stats).toMatchObject({ memoryMaxBytes: 96 * MB, pidsMax: 30 });
    expect(await container.stats()).toMatchObject({ memoryMaxBytes: 96 * MB, pidsMax: 30 });
  });

  it('raises and lowers memory, with and without swap, in any order', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const container = await box({ name: 'web', memory: '64M' });
    const swap = (): number | undefined => lab.containers.inspect('web').limits.swapMaxBytes;
    const isLimited = swap() !== undefined;
    for (const size of [256, 32, 128]) {
      expect(await container.update({ memory: size * MB })).toMatchObject({ memoryMaxBytes: size * MB });
      if (isLimited) expect(swap(), 'it stays off').toBe(0);
    }
    expect(await container.update({ memory: '512M', memorySwap: '1G' })).toMatchObject({ memoryMaxBytes: 512 * MB });
    if (isLimited) expect(swap()).toBe(512 * MB);
    // Both together stay at 1G.
    await container.update({ memory: '768M' });
    if (isLimited) expect(swap()).toBe(256 * MB);
    await expect(container.update({ memory: '2G' })).rejects.toMatchObject({ name: 'OptionError', option: 'memory' });
    await container.update({ memory: '64M', memorySwap: '64M' });
    if (isLimited) expect(swap()).toBe(0);
    await container.update({ memory: 'max' });
    expect(lab.containers.inspect('web').limits.memoryMaxBytes).toBeUndefined();
    expect(swap()).toBeUndefined();
    await container.update({ memory: '48M' });
    expect(readMemory('web')).toBe(String(48 * MB));
    if (isLimited) expect(swap()).toBe(0);
  });

  it('is in force: what passes the new limit dies of it, and is said to', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const script = '$| = 1; print "ready\\n"; <STDIN>; my $all = "x" x ($ARGV[0] << 20); print "filled\\n"';
    const container = await lab.spawn(['perl', '-e', script, '100'], { memory: '256M', stdin: 'pipe' });
    await untilSays(container, 'ready');
    await container.update({ memory: '32M' });
    container.stdin?.end('go\n');
    expect(await container.exited).toMatchObject({ oomKilled: true, signal: 'SIGKILL' });
  });

  it('refuses memory that is in use and cannot be reclaimed, and kills nobody for it', async (context) => {
    requires(context, { controllers: ['memory', 'cpu'], programs: ['perl'] });
    const container = await box({ name: 'web', memory: '128M', memorySwap: '128M', cpus: 0.8 }, 60);
    const error: unknown = await container
      .update({ cpus: 0.5, memory: '16M', memorySwap: '16M' })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'CgroupError', code: 'EBUSY', value: String(16 * MB) });
    expect(String(error)).toMatch(
      /^CgroupError: write "16777216" to memory\.(max|limit_in_bytes|memsw\.limit_in_bytes): EBUSY/,
    );
    expect((error as { hint?: string }).hint).toMatch(/uses more than that/);
    // All or nothing.
    const { limits, spec, stats } = lab.containers.inspect('web');
    expect(limits).toMatchObject({ memoryMaxBytes: 128 * MB, cpus: 0.8 });
    expect(spec.linux.resources).toMatchObject({ memory: { limit: 128 * MB }, cpu: { quota: 80_000 } });
    expect(stats.oomKills ?? 0).toBe(0);
    if (onV2('memory')) expect(readLimit('web', 'memory', 'memory.high')).toBe('max');
    expect((await container.kill()).processes).toBe(2);
  });

  it('lowers memory that can be reclaimed', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const directory = diskDirectory();
    if (directory === undefined) context.skip('needs a file system on a disk');
    const file = `${directory}/file`;
    const script = `$| = 1; open my $f, '>', '${file}'; print $f 'x' x (1 << 20) for 1 .. 60; close $f; system 'sync'; print "ready\\n"; sleep 1 while 1`;
    const container = await lab.spawn(['perl', '-e', script], {
      memory: '256M',
      userns: 'host',
      volumes: [`${directory}:${directory}`],
    });
    await untilSays(container, 'ready');
    expect((await container.stats()).memoryBytes).toBeGreaterThan(50 * MB);
    expect(await container.update({ memory: '32M' })).toMatchObject({ memoryMaxBytes: 32 * MB });
    expect((await container.stats()).memoryBytes).toBeLessThanOrEqual(32 * MB);
    expect((await container.stats()).oomKills ?? 0).toBe(0);
  });

  it('takes back what it has written when the kernel refuses the rest', async (context) => {
    requires(context, { controllers: ['pids', 'cpuset', 'cpu'], programs: ['perl'] });
    const container = await box({ name: 'web', pids: 20, cpusetCpus: '0', cpus: 1 });
    await expect(container.update({ pids: 30, cpus: 2, cpusetCpus: '4000' })).rejects.toMatchObject({
      name: 'CgroupError',
      file: 'cpuset.cpus',
    });
    // Hypothetically refused after others: the last controller that is written.
    await expect(container.update({ cpusetCpus: '0-1', cpus: 2, pids: 5_000_000 })).rejects.toMatchObject({
      file: 'pids.max',
      value: '5000000',
    });
    expect(lab.containers.inspect('web').limits).toMatchObject({ pidsMax: 20, cpus: 1, cpusetCpus: '0' });
    expect(lab.containers.inspect('web').spec.linux.resources.pids).toEqual({ limit: 20 });
  });

  it('keeps the processes that are there when fewer are allowed', async (context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const container = await box({ name: 'web', pids: 20 });
    await container.update({ pids: 1 });
    expect(await container.stats()).toMatchObject({ processes: 2, pidsMax: 1 });
    await container.update({ pids: 'max' });
    expect((await container.stats()).pidsMax).toBeUndefined();
  });

  it('loses no change to another one at the same time', async (context) => {
    requires(context, { controllers: ['pids', 'memory', 'cpu'], programs: ['perl'] });
    await box({ name: 'web', pids: 20, memory: '64M', cpus: 1 });
    const { containers } = lab;
    await Promise.all([
      containers.update('web', { pids: 40 }),
      containers.update('web', { memory: '80M' }),
      containers.update('web', { cpus: 0.7 }),
    ]);
    expect(containers.inspect('web').spec.linux.resources).toMatchObject({
      pids: { limit: 40 },
      memory: { limit: 80 * MB },
      cpu: { quota: 70_000 },
    });
    expect(containers.inspect('web').limits).toMatchObject({ pidsMax: 40, memoryMaxBytes: 80 * MB, cpus: 0.7 });
  });

  it('works on a paused container, and on one whose owner has died', async (context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const container = await box({ name: 'web', pids: 20 });
    await container.pause();
    expect(await lab.containers.update('web', { pids: 21 })).toMatchObject({ pidsMax: 21 });
    await container.resume();
    const owner = await startOwner('hold', ['sh', '-c', 'echo ready; exec sleep 1000'], {
      ...lab.options,
      name: 'left',
      pids: 20,
      dieWithParent: false,
    });
    await killHard(owner);
    expect(await lab.containers.update('left', { pids: 22 })).toMatchObject({ pidsMax: 22 });
    await lab.containers.kill('left');
  });

  it('of a kind that was not limited before is given on v2, and refused on v1 with the reason', async (context) => {
    requires(context, { controllers: ['cpuset'], programs: ['perl'] });
    const container = await box({ name: 'web' });
    const updated = container.update({ cpusetCpus: '0' });
    if (onV2('cpuset')) {
      expect(await updated).toMatchObject({ cpusetCpus: '0' });
      expect(lab.containers.inspect('web').cgroup.v2?.controllers).toContain('cpuset');
    } else {
      await expect(updated).rejects.toMatchObject({
        name: 'UnsupportedError',
        message: 'a new cpuset limit of "web" needs its cpuset cgroup (v1), which it did not get at its start',
      });
    }
    // To have no limit of that kind needs nothing.
    if (!hasController('pids') || !onV2('pids'))
      expect(await container.update({ pids: 'max' })).not.toHaveProperty('pidsMax');
  });

  it('refuses by name', async (context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const container = await box({ name: 'web', pids: 20 });
    const wrong = (options: object): Promise<unknown> => container.update(options).catch((error: unknown) => error);
    expect(await wrong({})).toMatchObject({ name: 'OptionError', option: 'options' });
    expect(await wrong({ memroy: '1G' })).toMatchObject({ name: 'OptionError', hint: 'did you mean memory?' });
    expect(await wrong({ pids: '5' })).toMatchObject({ name: 'OptionError', option: 'pids' });
    expect(await wrong({ memorySwap: '1G' })).toMatchObject({ name: 'OptionError', option: 'memorySwap' });
    await expect(lab.containers.update('nobody', { pids: 5 })).rejects.toMatchObject({ name: 'NotFoundError' });
    await container.kill();
    await expect(container.update({ pids: 5 })).rejects.toMatchObject({ name: 'StateError' });
  });
});
