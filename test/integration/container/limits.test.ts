import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import { Store } from '../../../src/container/store.js';
import { makeLab, untilSays } from '../../helpers/lab.js';
import { hasController, requires } from '../../helpers/requires.js';

const lab = makeLab();

const MB = 1024 * 1024;

/** Fills memory in one sweep: at its limit, whoever does more than that may read its own program again and again. */
const fill = (megabytes: number): readonly string[] => [
  'perl',
  '-e',
  `my $all = 'x' x (${String(megabytes)} << 20); print "filled\\n"`,
];

/** Reads a file of a running container's cgroup as the host sees it, on whichever hierarchy has the controller. */
function readLimit(id: string, controller: string, v2File: string, v1File: string): string {
  const { cgroup } = new Store(lab.stateDir).get(id);
  const v1 = cgroup.v1.find(({ controllers }) => controllers.includes(controller));
  const path = v1 === undefined ? `${cgroup.v2?.path ?? ''}/${v2File}` : `${v1.path}/${v1File}`;
  return readFileSync(path, 'utf8').trim();
}

describe('the memory limit', () => {
  it('ends in oomKilled and a peak near the limit', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const result = await lab.run(fill(200), { memory: '32M' });
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', oomKilled: true, stdout: '' });
    expect(result.usage.oomKills).toBeGreaterThanOrEqual(1);
    const peak = result.usage.memoryPeakBytes ?? 0;
    expect(peak).toBeGreaterThan(30 * MB);
    expect(peak).toBeLessThanOrEqual(32 * MB);
  });

  it('ends Node the same way', async (context) => {
    requires(context, { controllers: ['memory'] });
    const script = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))';
    const result = await lab.run(['node', '-e', script], { memory: '32M' });
    expect(result).toMatchObject({ oomKilled: true });
    expect(result.usage.memoryPeakBytes).toBeLessThanOrEqual(32 * MB);
  });

  it('counts an OOM of a child, whether or not its parent goes on', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const command = fill(200)
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const result = await lab.run(['sh', '-c', `${command}; echo $?`], { memory: '32M' });
    expect(result.oomKilled).toBe(true);
    // v2 can end a container as a whole (memory.oom.group); v1 takes one process.
    const onV2 = readCgroupFacts().v2Base?.controllers.includes('memory') === true;
    expect(result).toMatchObject(onV2 ? { signal: 'SIGKILL', stdout: '' } : { exitCode: 0, stdout: '137\n' });
  });

  it('lets live what stays below it', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const result = await lab.run(fill(10), { memory: '64M' });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'filled\n', oomKilled: false });
    expect(result.usage.memoryPeakBytes).toBeGreaterThan(8 * MB);
    expect(result.usage.memoryPeakBytes).toBeLessThan(64 * MB);
  });

  it('is not blamed for exit code 137', async (context) => {
    requires(context, { controllers: ['memory'] });
    expect(await lab.run(['sh', '-c', 'exit 137'], { memory: '64M' })).toMatchObject({
      exitCode: 137,
      oomKilled: false,
    });
    expect(await lab.run(['sh', '-c', 'kill -KILL $$'], { memory: '64M' })).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      oomKilled: false,
    });
  });

  it('holds with isolation cgroup', async (context) => {
    requires(context, { controllers: ['memory'], programs: ['perl'] });
    const result = await lab.run(fill(200), { memory: '32M', isolation: 'cgroup' });
    expect(result).toMatchObject({ signal: 'SIGKILL', oomKilled: true });
  });
});

describe('the pids limit', () => {
  it('stops forks beyond it, and the peak says so', async (context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const script =
      'my $n = 0; while ($n < 100) { my $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print "$n\\n"';
    const result = await lab.run(['perl', '-e', script], { pids: 20 });
    // corral-init and perl itself count as well.
    expect(result).toMatchObject({ exitCode: 0, stdout: '18\n' });
    // pids.peak is of Linux 6.1.
    if (result.usage.pidsPeak !== undefined) expect(result.usage.pidsPeak).toBe(20);
  });
});

describe('the cpu limit', () => {
  it('throttles to the quota', async (context) => {
    requires(context, { controllers: ['cpu'], programs: ['perl'] });
    const spin = 'my $end = time + 3; 1 while time < $end';
    const result = await lab.run(['perl', '-e', spin], { cpus: 0.2 });
    expect(result.exitCode).toBe(0);
    expect(result.usage.cpuMs).toBeGreaterThan(0);
    // 0.2 in the long run; a machine that is busy gives less, a burst at the start a little more.
    expect((result.usage.cpuMs ?? Infinity) / result.durationMs).toBeLessThan(0.3);
  });

  it('does not get in the way of what stays below it', async (context) => {
    requires(context, { controllers: ['cpu'] });
    expect(await lab.run(['true'], { cpus: '1.5', cpuShares: 2048 })).toMatchObject({ exitCode: 0 });
  });
});

describe('cpusetCpus', () => {
  it('leaves the processes only those CPUs', async (context) => {
    requires(context, { controllers: ['cpuset'] });
    const { stdout } = await lab.run(['grep', 'Cpus_allowed_list', '/proc/self/status'], { cpusetCpus: '0' });
    expect(stdout).toBe('Cpus_allowed_list:\t0\n');
  });

  it('with CPUs that do not exist is an error that names them, and leaves nothing', async (context) => {
    requires(context, { controllers: ['cpuset'] });
    const error = await lab.spawn(['true'], { cpusetCpus: '4000' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CgroupError', file: 'cpuset.cpus', value: '4000' });
  });
});

describe('limits', () => {
  it('are in force before the first instruction', async (context) => {
    requires(context, { controllers: ['memory', 'pids', 'cpu'] });
    const container = await lab.spawn(['sh', '-c', 'echo up; sleep 1000; true'], {
      memory: '48M',
      pids: 7,
      cpus: 0.5,
      name: 'tight',
    });
    await untilSays(container, 'up');
    expect(readLimit('tight', 'memory', 'memory.max', 'memory.limit_in_bytes')).toBe(String(48 * MB));
    expect(readLimit('tight', 'pids', 'pids.max', 'pids.max')).toBe('7');
    expect(readLimit('tight', 'cpu', 'cpu.max', 'cpu.cfs_quota_us')).toMatch(/^50000/);
    const stats = await container.stats();
    expect(stats).toMatchObject({ memoryMaxBytes: 48 * MB, pidsMax: 7, frozen: false });
    expect(stats.memoryBytes).toBeGreaterThan(0);
  });

  it('hold the very first process: one that is too big for its limit never says a word', async (context) => {
    requires(context, { controllers: ['pids'] });
    // Room for corral-init alone: the workload cannot even be forked.
    const error = await lab.spawn(['sh', '-c', 'echo alive'], { pids: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LaunchError', code: 'EAGAIN', op: 'stay-as-init' });
  });

  it('are nothing that the inside can see or change', async (context) => {
    requires(context, { controllers: ['memory'], cgroup: true });
    const result = await lab.run(['sh', '-c', 'cat /proc/self/cgroup; echo max > /sys/fs/cgroup/memory.max'], {
      memory: '64M',
    });
    expect(result.stdout.split('\n').filter((line) => line !== '' && !line.endsWith(':/'))).toEqual([]);
    expect(result.exitCode).not.toBe(0);
  });

  it('that no hierarchy can give are refused with the reason, and leave nothing', async (context) => {
    const lacking = ['io', 'cpuset', 'memory', 'pids', 'cpu'].find(
      (name) => !hasController(name === 'io' ? 'blkio' : name) && !hasController(name),
    );
    if (lacking === undefined) context.skip('every controller is there');
    const option = {
      io: { ioWeight: 100 },
      cpuset: { cpusetCpus: '0' },
      memory: { memory: '64M' },
      pids: { pids: 5 },
      cpu: { cpus: 1 },
    };
    const error = await lab.spawn(['true'], option[lacking as keyof typeof option]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UnsupportedError', code: 'ERR_UNSUPPORTED', feature: `${lacking} limit` });
    expect((error as { hint?: string }).hint).toMatch(/./);
  });

  it('that were not asked for cost no v1 directory', async (context) => {
    const { layout } = readCgroupFacts();
    if (layout.v1.length === 0) context.skip('there is no v1 hierarchy');
    const container = await lab.spawn(['sleep', '1000'], { name: 'free' });
    const { cgroup } = new Store(lab.stateDir).get('free');
    const controllers = cgroup.v1.flatMap((directory) => directory.controllers);
    // Without v2 the freezer holds the container together, and the figures come with it.
    if (layout.v2 === undefined) expect(controllers).toEqual(expect.arrayContaining(['freezer', 'memory', 'pids']));
    else expect(controllers).toEqual([]);
    await container.kill();
  });
});
