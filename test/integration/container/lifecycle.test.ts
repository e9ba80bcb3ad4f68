import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { makeLab, until, untilSays } from '../../helpers/lab.js';
import { findByArgument, listCgroups, listDescriptors } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

describe('pause() and resume()', () => {
  it('stop all processes in their tracks and let them go on', async (context) => {
    requires(context, { cgroup: true });
    const container = await lab.spawn(['sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'], {
      name: 'beat',
    });
    await untilSays(container, '3');
    await container.pause();
    expect(await container.stats()).toMatchObject({ frozen: true });
    expect(lab.containers.get('beat')).toMatchObject({ status: 'paused' });
    const before = (await container.stats()).cpuMs;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await container.stats()).cpuMs).toBe(before);
    await container.resume();
    expect(await container.stats()).toMatchObject({ frozen: false });
    expect(lab.containers.get('beat')).toMatchObject({ status: 'running' });
    const report = await container.kill();
    expect(report.gone).toBe(true);
  });

  it('a paused container is killed like any other', async (context) => {
    requires(context, { cgroup: true });
    const container = await lab.spawn(['sleep', '1000']);
    await container.pause();
    await container.kill();
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('of a container that has ended are StateErrors, as are its stats', async () => {
    const container = await lab.spawn(['true']);
    await container.exited;
    const calls = [() => container.pause(), () => container.resume(), () => container.stats()];
    for (const call of calls)
      await expect((async () => call())()).rejects.toMatchObject({ code: 'ERR_STATE', status: 'stopped' });
  });
});

describe('stats()', () => {
  it('tell what the container uses now', async (context) => {
    requires(context, { controllers: ['memory', 'pids'] });
    const container = await lab.spawn(['sh', '-c', 'sleep 1000 & sleep 1000 & echo ready; wait'], {
      memory: '64M',
      pids: 50,
    });
    await untilSays(container, 'ready');
    const stats = await container.stats();
    expect(stats).toMatchObject({
      processes: 4,
      pids: 4,
      pidsMax: 50,
      memoryMaxBytes: 64 * 1024 * 1024,
      frozen: false,
    });
    expect(stats.memoryBytes).toBeGreaterThan(0);
    expect(stats.cpuMs).toBeGreaterThan(0);
  });
});

describe('kill()', () => {
  it('may be called again and again, by anybody', async () => {
    const container = await lab.spawn(['sleep', '1000'], { name: 'many' });
    const reports = await Promise.all([container.kill(), container.kill(), lab.containers.kill('many')]);
    expect(reports.every(({ gone }) => gone)).toBe(true);
    expect((await container.kill()).gone).toBe(true);
    expect(await container.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('by name is learned of by the owner, with the figures', async (context) => {
    requires(context, { cgroup: true });
    const container = await lab.spawn(
      ['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo ready; exec sleep 1000'],
      { name: 'named' },
    );
    await untilSays(container, 'ready');
    expect(await new Containers({ stateDir: lab.stateDir }).kill('named')).toMatchObject({ gone: true, processes: 2 });
    const result = await container.exited;
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(result.usage.cpuMs).toBeGreaterThan(0);
  });

  it('with dryRun lists who would die, and harms nobody', async (context) => {
    requires(context, { cgroup: true });
    const marker = makeMarker();
    const container = await lab.spawn(['sh', '-c', 'sleep 1000 & sleep 1000 & wait', marker], { name: 'spared' });
    await until(() => lab.containers.get('spared').processes === 4, 'all of it runs');
    const report = await lab.containers.kill('spared', { dryRun: true });
    expect(report).toMatchObject({ processes: 4, gone: false });
    expect(report.pids).toContain(container.pid);
    expect(findByArgument(marker)).not.toEqual([]);
  });

  it('of nobody is a NotFoundError', async () => {
    await expect(lab.containers.kill('nobody')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(lab.containers.kill('../etc')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });
});

describe('describe()', () => {
  it('still knows a container that has ended, whatever its descriptors are by then', async () => {
    const container = await lab.spawn(['true'], { name: 'over' });
    await container.exited;
    expect(container.describe()).toMatchObject({ id: 'over', status: 'stopped', processes: 0 });
  });
});

describe('output', () => {
  it('waits for a reader who comes when everything is over', async () => {
    const container = await lab.spawn(['sh', '-c', 'head -c 60000 /dev/zero | tr "\\0" x; echo late >&2']);
    await container.exited;
    await delay(50);
    const text = async (stream: Readable | null): Promise<string> =>
      Buffer.concat(await (stream?.toArray() ?? Promise.resolve([]))).toString();
    expect(await text(container.stdout)).toBe('x'.repeat(60_000));
    expect(await text(container.stderr)).toBe('late\n');
  });
});

describe('names', () => {
  it('are unique while the container lives, and free afterwards', async () => {
    const first = await lab.spawn(['sleep', '1000'], { name: 'one' });
    await expect(lab.spawn(['true'], { name: 'one' })).rejects.toMatchObject({
      name: 'AlreadyExistsError',
      code: 'ERR_ALREADY_EXISTS',
    });
    expect(lab.containers.get('one')).toMatchObject({
      id: 'one',
      status: 'running',
      pid: first.pid,
      command: ['sleep', '1000'],
    });
    await first.kill();
    expect(await lab.run(['true'], { name: 'one' })).toMatchObject({ exitCode: 0 });
  });

  it('that many want at one time go to one', async () => {
    const attempts = Array.from({ length: 10 }, () => lab.spawn(['sleep', '1000'], { name: 'wanted' }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(lab.containers.list()).toHaveLength(1);
  });

  it.for(['../up', 'a/b', '', '.', '..', '.new-x', 'a\0b', 'x'.repeat(300), '-dash'])(
    'such as %j are refused',
    async (name) => {
      await expect(lab.spawn(['true'], { name })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    },
  );
});

describe('many containers', () => {
  it('fifty at one time', async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        lab.run(['sh', '-c', `sleep 0.1; echo ${String(index)}; exit ${String(index)}`]),
      ),
    );
    expect(results.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 50 }, (_, index) => `${String(index)}\n`));
  });

  it('fifty that are killed at one time', async () => {
    const containers = await Promise.all(Array.from({ length: 50 }, () => lab.spawn(['sleep', '1000'])));
    expect(lab.containers.list()).toHaveLength(50);
    await Promise.all(containers.map((container) => container.kill()));
    expect(listCgroups(lab.cgroupParent)).toEqual([]);
    expect(lab.containers.list()).toEqual([]);
  });

  it('two hundred one after the other leave no descriptor', { timeout: 120_000 * TIME_SCALE }, async () => {
    await lab.run(['true']);
    const before = listDescriptors();
    for (let round = 0; round < 200; round++) expect((await lab.run(['true'])).exitCode).toBe(0);
    await until(() => listDescriptors().length <= before.length, 'all descriptors are closed');
  });
});
