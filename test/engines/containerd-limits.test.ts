import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/oci/default-config.js';
import { type Containerd, makeContainerd } from './containerd.js';
import { startDaemon } from './daemon.js';
import { type Limits, readLimits } from './limits.js';
import { RUNTIMES, type Runtime, whyNot } from './runtimes.js';

const absent = whyNot('containerd', 'containerd-shim-runc-v2', 'ctr', 'busybox', 'setpriv');

const MIB = 1024 ** 2;

describe.each(RUNTIMES)('limits by containerd with $name', (runtime: Runtime) => {
  const reason = absent ?? runtime.missing;
  if (reason !== undefined) {
    it('hold', (context) => {
      context.skip(reason);
    });
    return;
  }

  let engine: Containerd;
  beforeAll(async () => {
    engine = await makeContainerd(runtime);
  });
  afterAll(async () => {
    expect(await engine.close()).toEqual([]);
  });
  afterEach(async () => {
    expect(await engine.sweep(), 'nothing is left').toEqual([]);
  });

  const start = (id: string, options: readonly string[], ...command: readonly string[]): void => {
    expect(engine.run(['--detach', ...options], id, ...command)).toEqual({ code: 0, stdout: '', stderr: '' });
  };
  const limitsOf = (id: string): Limits => {
    const line =
      engine
        .ok('task', 'ls')
        .split('\n')
        .find((text) => text.startsWith(`${id} `)) ?? '';
    return readLimits(Number(line.split(/\s+/)[1]));
  };

  it('are in its cgroup', () => {
    start('limited', ['--memory-limit', String(64 * MIB), '--cpus', '0.5'], 'sleep', '1000');
    expect(limitsOf('limited')).toMatchObject({ memory: String(64 * MIB), cpu: '50000 100000' });
  });

  it('and all else come from a whole spec', () => {
    const config = defaultConfig(undefined) as Record<string, object>;
    const spec = {
      ...config,
      process: { ...config['process'], terminal: false, args: ['sleep', '1000'], env: ['PATH=/bin'] },
      root: { path: engine.rootfs },
      hostname: 'whole',
      linux: {
        ...config['linux'],
        cgroupsPath: `/${engine.cgroupParent}/whole`,
        resources: { pids: { limit: 21 }, memory: { limit: 32 * MIB }, cpu: { quota: 20_000, period: 50_000 } },
      },
    };
    const file = join(engine.directory, 'whole.json');
    writeFileSync(file, JSON.stringify(spec));
    start('whole', ['--config', file]);
    expect(limitsOf('whole')).toEqual({ memory: String(32 * MIB), pids: '21', cpu: '20000 50000' });
    const fifos = join(engine.directory, 'fifo');
    expect(engine.ok('task', 'exec', '--fifo-dir', fifos, '--exec-id', 'look', 'whole', 'hostname')).toBe('whole');
  });

  it('are told beside what is used', () => {
    start('measured', ['--memory-limit', String(48 * MIB)], 'sleep', '1000');
    const text = engine.ok('task', 'metrics', 'measured');
    const figures = new Map(
      text
        .split('\n')
        .map((line) => line.split(/\s{2,}/))
        .map(([name = '', value]) => [name, Number(value)] as const),
    );
    // The names are those of v1 or of v2.
    expect(figures.get('memory.limit_in_bytes') ?? figures.get('memory.limit')).toBe(48 * MIB);
    expect(figures.get('memory.usage_in_bytes') ?? figures.get('memory.usage')).toBeGreaterThan(0);
    expect(figures.get('pids.current')).toBe(1);
  });

  it('of memory end it, and an event says so', async () => {
    const words = engine.runWords([], 'none').slice(0, 5);
    const events = await startDaemon([...words, 'events'], join(engine.directory, 'events'), () => true);
    try {
      start('greedy', ['--memory-limit', String(16 * MIB)], 'tail', '/dev/zero');
      await expect.poll(() => events.log(), { timeout: 20_000 }).toMatch(/\/tasks\/oom \{"container_id":"greedy"\}/);
      await expect.poll(() => events.log(), { timeout: 20_000 }).toMatch(/\/tasks\/exit .*"exit_status":137/);
    } finally {
      await events.stop();
    }
  });
});
