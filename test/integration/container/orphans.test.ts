import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/container/container.js';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { WORKLOADS, makeMarker } from '../../helpers/orphans.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument, listCgroups } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

const MODES: Readonly<Record<string, SpawnOptions>> = {
  'full isolation': {},
  'the pid namespace of the host': { pid: 'host' },
  'isolation cgroup': { isolation: 'cgroup' },
};

const LIMITS: SpawnOptions = { pids: 64, memory: '128M' };

/** What brings a container down. */
const ENDINGS: Readonly<Record<string, (command: readonly string[], options: SpawnOptions) => Promise<void>>> = {
  'kill()': async (command, options) => {
    const container = await start(command, options);
    const report = await container.kill();
    expect(report.gone).toBe(true);
    expect(report.processes).toBeGreaterThan(3);
    expect(await container.exited).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
  },
  'an aborted AbortSignal': async (command, options) => {
    const controller = new AbortController();
    const container = await start(command, { ...options, signal: controller.signal });
    controller.abort();
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL', aborted: true, timedOut: false });
  },
  'a timeout': async (command, options) => {
    const container = await start(command, { ...options, timeout: 1000 * TIME_SCALE });
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL', aborted: false, timedOut: true });
  },
  'the end of an await using scope': async (command, options) => {
    let exited: Container['exited'] | undefined;
    {
      await using container = await start(command, options);
      ({ exited } = container);
    }
    expect(await exited).toMatchObject({ signal: 'SIGKILL', aborted: false, timedOut: false });
  },
};

async function start(command: readonly string[], options: SpawnOptions): Promise<Container> {
  const container = await lab.spawn(command, options);
  await untilSays(container, 'ready');
  const marker = command.at(-1) ?? '';
  await until(() => findByArgument(marker).length > 3, 'all of it runs');
  return container;
}

describe.each(Object.entries(MODES))('with %s', (_mode, mode) => {
  describe.each(Object.entries(WORKLOADS))('%s', (_workload, compose) => {
    it.for(Object.entries(ENDINGS))('cannot outlive %s', async ([, end], context) => {
      requires(context, { controllers: ['pids', 'memory'], programs: ['perl'] });
      const marker = makeMarker();
      await end(compose(marker), { ...LIMITS, ...mode });
      expect(findByArgument(marker)).toEqual([]);
      expect(listCgroups(lab.cgroupParent)).toEqual([]);
      expect(lab.containers.list()).toEqual([]);
    });
  });
});
