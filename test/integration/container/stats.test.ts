import { existsSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeLab, untilSays } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const MB = 1024 * 1024;

/** The disk that this repository is on; `undefined` where it is on none that can be limited. */
function findDisk(): string | undefined {
  const { dev } = statSync(process.cwd());
  // makedev(3).
  const numbers = `${String((dev >> 8) & 0xfff)}:${String((dev & 0xff) | ((dev >> 12) & 0xfff00))}`;
  if (!existsSync(`/sys/dev/block/${numbers}`)) return undefined;
  const path = join('/sys/dev/block', readlinkSync(`/sys/dev/block/${numbers}`));
  const name = basename(existsSync(`${path}/partition`) ? dirname(path) : path);
  return existsSync(`/dev/${name}`) ? `/dev/${name}` : undefined;
}

describe('stats', () => {
  it('has memory with its peak, processes and CPU time', async (context) => {
    requires(context, { controllers: ['memory', 'pids', 'cpu'], programs: ['perl'] });
    const script = `$| = 1; { my $all = 'x' x ($ARGV[0] << 20) } print "ready\\n"; sleep 1 while 1`;
    const container = await lab.spawn(['perl', '-e', script, '30'], { memory: '128M', pids: 20, cpus: 1 });
    await untilSays(container, 'ready');
    const stats = await container.stats();
    expect(stats).toMatchObject({
      processes: 2,
      pids: 2,
      pidsMax: 20,
      memoryMaxBytes: 128 * MB,
      frozen: false,
      oomKills: 0,
    });
    expect(stats.memoryBytes).toBeGreaterThan(0);
    // Of Linux 5.19 on v2.
    if (stats.memoryPeakBytes !== undefined) expect(stats.memoryPeakBytes).toBeGreaterThan(30 * MB);
    expect(stats.cpuMs).toBeGreaterThan(0);
    expect(lab.containers.get(container.id).stats).toMatchObject({ processes: 2, memoryMaxBytes: 128 * MB });
  });

  it('has what was read from a disk', async (context) => {
    const disk = findDisk();
    requires(context, { controllers: [], programs: ['dd'], root: true });
    if (disk === undefined) context.skip('needs a disk');
    const limited = { deviceReadBps: [`${disk}:1000M`], isolation: 'cgroup' as const };
    const file = join(process.cwd(), 'package-lock.json');
    const command = `dd if=${file} of=/dev/null iflag=direct bs=64k count=2 2>&1 && echo ready; exec sleep 1000`;
    const container = await lab.spawn(['sh', '-c', command], limited);
    await untilSays(container, 'ready');
    const { io } = await container.stats();
    expect(io?.readBytes).toBeGreaterThanOrEqual(128 * 1024);
    expect(io?.reads).toBeGreaterThan(0);
    await container.kill();
    // `sleep` itself may have been read meanwhile.
    expect((await container.exited).usage.io?.readBytes).toBeGreaterThanOrEqual(io?.readBytes ?? 0);
  });
});
