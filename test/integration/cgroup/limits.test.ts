import { describe, expect, it } from 'vitest';
import { freezeCgroup, isFrozen, thawCgroup } from '../../../src/cgroup/freeze.js';
import { killCgroup } from '../../../src/cgroup/kill.js';
import { countProcesses, listProcesses } from '../../../src/cgroup/processes.js';
import { readStats } from '../../../src/cgroup/stats.js';
import { readPressure, readUsage } from '../../../src/cgroup/usage.js';
import { checkLeaks, exited, facts, hasController, legacyFacts, make, start, until } from './lab.js';
import { itWhen } from '../../helpers/when.js';

checkLeaks();

describe('limits', () => {
  itWhen(hasController('memory'), 'needs the memory controller')(
    'stop a container that wants too much memory, and the usage says so',
    async () => {
      const ref = make({ memory: { limit: 32 << 20 } });
      const child = await start(ref, `echo ready; sleep 0.1; exec perl -e '$x = "a" x (200 << 20); sleep 1000'`);
      await exited(child);
      expect(child.signalCode).toBe('SIGKILL');
      const usage = readUsage(ref);
      expect(usage.oomKilled).toBe(true);
      expect(usage.oomKills).toBeGreaterThanOrEqual(1);
      expect(usage.memoryPeakBytes).toBeGreaterThan(16 << 20);
      expect(usage.memoryPeakBytes).toBeLessThanOrEqual(32 << 20);
      await killCgroup(ref);
    },
  );

  itWhen(hasController('memory'), 'needs the memory controller')(
    'are not to blame for a SIGKILL from elsewhere',
    async () => {
      const ref = make({ memory: { limit: 64 << 20 } });
      const child = await start(ref, 'echo ready; exec sleep 1000');
      child.kill('SIGKILL');
      await exited(child);
      expect(readUsage(ref)).toMatchObject({ oomKilled: false, oomKills: 0 });
      await killCgroup(ref);
    },
  );

  itWhen(hasController('pids'), 'needs the pids controller')('hold a fork bomb, which dies in one piece', async () => {
    const ref = make({ pids: { limit: 60 } });
    await start(ref, `perl -e '$|=1; print "ready\\n"; fork while 1'`);
    await until(() => countProcesses(ref) >= 50);
    expect(readStats(ref)).toMatchObject({ pidsMax: 60 });
    const report = await killCgroup(ref);
    expect(report.processes).toBeGreaterThanOrEqual(50);
    expect(listProcesses(ref)).toEqual([]);
  });

  itWhen(hasController('cpu'), 'needs the cpu controller')(
    'slow a container down to its share of the CPU',
    async () => {
      const ref = make({ cpu: { quota: 10_000, period: 100_000 } });
      const child = await start(ref, `echo ready; exec perl -e '1 while time - $^T < 3'`);
      await exited(child);
      expect(readUsage(ref).cpuMs).toBeGreaterThan(50);
      expect(readUsage(ref).cpuMs).toBeLessThan(1_500);
      await killCgroup(ref);
    },
  );
});

describe('usage', () => {
  it('tells CPU time without any limit', async () => {
    const ref = make();
    const child = await start(ref, `echo ready; exec perl -e 'for (1..3000000) { $x += $_ }'`);
    await exited(child);
    const usage = readUsage(ref);
    if (ref.v2) expect(usage.cpuMs).toBeGreaterThan(10);
    if (ref.v2) expect(usage.cpuUserMs).toBeLessThanOrEqual(usage.cpuMs!);
    await killCgroup(ref);
  });

  it('is unknown, not 0, where nothing counted', () => {
    const usage = readUsage({ id: 'none', v1: [] });
    expect(Object.values(usage).filter((value) => value !== undefined)).toEqual([]);
  });

  it('tells memory and processes as they are', async () => {
    const ref = make({
      ...(hasController('memory') && { memory: { limit: 64 << 20 } }),
      ...(hasController('pids') && { pids: { limit: 20 } }),
    });
    await start(ref, 'sleep 1000 & echo ready; wait');
    const stats = readStats(ref);
    expect(stats).toMatchObject({ processes: 2, frozen: false });
    if (hasController('memory')) expect(stats).toMatchObject({ memoryMaxBytes: 64 << 20 });
    if (hasController('memory')) expect(stats.memoryBytes).toBeGreaterThan(0);
    if (hasController('pids')) expect(stats).toMatchObject({ pids: 2, pidsMax: 20 });
    const pressure = readPressure(ref);
    if (pressure.cpu) expect(pressure.cpu.someMs).toBeGreaterThanOrEqual(0);
    await killCgroup(ref);
  });
});

describe.each([
  { mode: 'v2', skip: facts().v2Top === undefined, makeBox: () => make() },
  {
    mode: 'v1',
    skip: !facts().v1Top.some(({ controllers }) => controllers.includes('freezer')),
    makeBox: () => make({}, { facts: legacyFacts() }),
  },
])('freezing with $mode', ({ skip, makeBox }) => {
  itWhen(!skip, 'needs that hierarchy')('stops the processes until they are thawed', async () => {
    const ref = makeBox();
    let ticks = 0;
    const child = await start(ref, 'echo ready; while :; do echo tick; sleep 0.01; done');
    child.stdout?.on('data', () => ticks++);
    await until(() => ticks > 3);
    await freezeCgroup(ref);
    expect(isFrozen(ref)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const frozenAt = ticks;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(ticks).toBe(frozenAt);
    thawCgroup(ref);
    expect(isFrozen(ref)).toBe(false);
    await until(() => ticks > frozenAt);
    await killCgroup(ref);
  });
});
