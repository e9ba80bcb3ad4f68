import type { ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { makeLab, until } from '../../helpers/lab.js';
import { findByArgument, listCgroups } from '../../helpers/leaks.js';
import { WORKLOADS, makeMarker } from '../../helpers/orphans.js';
import { killHard, startOwner } from '../../helpers/owner.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const startSupervisor = (
  mode: 'hold' | 'churn',
  command: readonly string[],
  options: SpawnOptions,
): Promise<ChildProcess> => startOwner(mode, command, { ...lab.options, ...options });

const MODES: Readonly<Record<string, SpawnOptions>> = {
  'full isolation': {},
  'the pid namespace of the host': { pid: 'host' },
  'isolation cgroup': { isolation: 'cgroup' },
};

describe.each(Object.entries(MODES))('after SIGKILL of the owner, with %s', (_name, mode) => {
  it.for(Object.entries(WORKLOADS))('prune takes %s', async ([, compose], context) => {
    requires(context, { controllers: ['pids', 'memory'], programs: ['perl'] });
    const marker = makeMarker();
    const options = { ...mode, name: 'left', pids: 64, memory: '128M', dieWithParent: false };
    const owner = await startSupervisor('hold', compose(marker), options);
    await until(() => findByArgument(marker).length > 3, 'all of it runs');
    await killHard(owner);
    // Some of those that were counted may only have been on their way to be something else.
    await until(() => findByArgument(marker).length > 3, 'it goes on without its owner');
    expect(lab.containers.get('left')).toMatchObject({ status: 'abandoned' });
    const preview = await lab.containers.prune({ dryRun: true });
    expect(preview).toMatchObject([{ id: 'left', report: { gone: false, rung: 'none' } }]);
    expect(preview[0]?.report?.pids?.length).toBeGreaterThan(3);
    expect(lab.containers.get('left')).toMatchObject({ status: 'abandoned' });

    const pruned = await lab.containers.prune();

    expect(pruned).toMatchObject([{ id: 'left', report: { gone: true } }]);
    expect(findByArgument(marker)).toEqual([]);
    expect(listCgroups(lab.cgroupParent)).toEqual([]);
    expect(lab.containers.list()).toEqual([]);
  });
});

describe.each(Object.entries(MODES))('with %s, a container', (_name, mode) => {
  it.for(Object.entries(WORKLOADS))('of %s dies with its owner', async ([, compose], context) => {
    requires(context, { controllers: ['pids'], programs: ['perl'] });
    const marker = makeMarker();
    const options = { ...mode, name: 'left', pids: 64 };
    const owner = await startSupervisor('hold', compose(marker), options);
    await until(() => findByArgument(marker).length > 3, 'all of it runs');
    await killHard(owner);
    await until(() => findByArgument(marker).length === 0, 'all of it is dead');
    // The dead are listed in their cgroup until the machine's own init has reaped them.
    await until(() => lab.containers.get('left').processes === 0, 'all of it is reaped');
    expect(lab.containers.get('left')).toMatchObject({ status: 'abandoned' });
    expect(await lab.containers.prune()).toMatchObject([{ id: 'left' }]);
    expect(listCgroups(lab.cgroupParent)).toEqual([]);
  });
});

it('prune leaves containers alone whose owner lives', async () => {
  const container = await lab.spawn(['sleep', '1000']);
  expect(await lab.containers.prune({ dryRun: true })).toEqual([]);
  expect(await lab.containers.prune()).toEqual([]);
  expect(lab.containers.get(container.id)).toMatchObject({ status: 'running', pid: container.pid });
});

it(
  'prune clears away whatever a SIGKILL at any moment of a launch leaves',
  { timeout: 120_000 * TIME_SCALE },
  async () => {
    const marker = makeMarker();
    for (let round = 0; round < 12; round++) {
      const owner = await startSupervisor('churn', ['sh', '-c', 'sleep 1000 & wait', marker], {});
      await delay(round * 3.7);
      await killHard(owner);
      await lab.containers.prune();
      expect(findByArgument(marker)).toEqual([]);
      expect(listCgroups(lab.cgroupParent)).toEqual([]);
      expect(lab.containers.list()).toEqual([]);
    }
  },
);

it('prune clears away a state file that was never finished', async () => {
  const path = join(lab.stateDir, 'half.state');
  writeFileSync(path, '{"version":1,"id":"ha');
  expect(lab.containers.list()).toEqual([]);
  expect(await lab.containers.prune({ dryRun: true })).toEqual([{ id: 'half', report: undefined }]);
  expect(existsSync(path)).toBe(true);
  await lab.containers.prune();
  expect(existsSync(path)).toBe(false);
});

it('the name of an abandoned container is taken until prune has been there', async () => {
  const owner = await startSupervisor('hold', ['sh', '-c', 'echo ready; sleep 1000'], { name: 'same' });
  await killHard(owner);
  await expect(lab.spawn(['true'], { name: 'same' })).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' });
  await lab.containers.prune();
  expect(await lab.run(['true'], { name: 'same' })).toMatchObject({ exitCode: 0 });
});
