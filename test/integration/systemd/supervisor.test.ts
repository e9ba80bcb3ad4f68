import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/supervisor/client/client.js';
import { type Actor, type ActorOptions, Stage } from '../../helpers/crash-stage.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeSystemdLab, needsController, show, systemctl, untilNoUnits } from './systemd-lab.js';

const lab = makeSystemdLab();
const cgroup = { cgroupDriver: 'systemd', cgroupParent: lab.options.cgroupParent ?? '' } as const;
const PATIENCE = { timeout: 10_000 * TIME_SCALE };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
  await untilNoUnits();
});

/** Thinks up a container that is a scope. */
function actor(id: string, options: ActorOptions = {}): Actor {
  return stage.actor(id, { ...options, container: { ...cgroup, ...options.container } });
}

async function begin(client: Client, { options, workload }: Actor): Promise<void> {
  await client.create(options);
  await expect.poll(() => workload.read().starts, PATIENCE).toBe(1);
}

/** Returns who keeps a scope from being empty. */
async function readKeepers(client: Client, id: string): Promise<readonly number[]> {
  const { path = '' } = (await client.inspect(id)).container?.cgroup.v2 ?? {};
  return readFileSync(join(path, '../keeper/cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

describe('with systemd', () => {
  test('the scope of a supervised container outlives its supervisor, and the next one keeps it', async () => {
    using client = await stage.connect();
    const kept = actor('kept', { log: { driver: 'json' }, container: { pids: 64 } });
    await begin(client, kept);
    expect(await readKeepers(client, 'kept')).toHaveLength(1);
    const { pid } = await client.get('kept');
    const [before] = await readKeepers(client, 'kept');

    await stage.killSupervisors();
    expect(show('corral-kept.scope', 'ActiveState')).toEqual({ ActiveState: 'active' });
    expect(await client.get('kept')).toMatchObject({ status: 'running', pid, restarts: 0 });
    const keepers = await readKeepers(client, 'kept');
    expect(keepers).toHaveLength(1);
    expect(keepers).not.toContain(before);

    await client.stop('kept', { gracePeriod: 5000 * TIME_SCALE });
    expect(await client.get('kept')).toMatchObject({ status: 'exited', lastEnd: { run: 1, exitCode: 102 } });
    await untilNoUnits();
    const lines: unknown[] = [];
    for await (const line of client.logs('kept')) lines.push(line);
    expect(lines).toHaveLength(kept.workload.read().lines.get(1) ?? 0);
    await stage.close();
  });

  test('what ends while there is no supervisor leaves no scope, and its policy goes on in a new one', async () => {
    using client = await stage.connect();
    const again = actor('again', { restart: 'always', container: { pids: 64 } });
    await begin(client, again);
    const { pid } = await client.get('again');
    await stage.killSupervisors();
    process.kill(stage.processes(again)[0] ?? 0, 'SIGKILL');
    await expect.poll(() => stage.processes(again), PATIENCE).toEqual([]);
    await stage.untilInfo(
      client,
      'again',
      ({ status, lastEnd }) => status === 'running' && lastEnd?.run === 1,
      'is in run 2',
      PATIENCE.timeout,
    );
    expect((await client.get('again')).pid).not.toBe(pid);
    expect((await client.get('again')).lastEnd).toMatchObject({ signal: 'SIGKILL' });
    expect(show('corral-again.scope', 'ActiveState')).toEqual({ ActiveState: 'active' });
    await expect.poll(() => again.workload.read()).toMatchObject({ starts: 2, doubles: 0 });
    await stage.close();
  });

  test('that one was out of memory is known after its supervisor was another', async (context) => {
    needsController(context, 'memory');
    using client = await stage.connect();
    const command = ['sh', '-c', 'until [ -e /tmp/go ]; do sleep 0.1; done; head -c 256M /dev/zero | tail'];
    await client.create({
      command,
      container: { name: 'greedy', memory: '32M', memorySwap: '32M', ...cgroup },
      supervision: { restart: { name: 'no' }, log: { driver: 'raw' } },
      callerDirectory: '/',
    });
    await stage.killSupervisors();
    expect(await client.get('greedy')).toMatchObject({ status: 'running' });
    const { exited } = await client.exec('greedy', ['touch', '/tmp/go']);
    await exited;
    expect(await client.wait('greedy')).toMatchObject({ oomKilled: true });
    await stage.close();
  });

  test('a scope that systemd is asked to stop is an end like any other', async () => {
    using client = await stage.connect();
    const stopped = actor('stopped', { restart: 'always' });
    await begin(client, stopped);
    systemctl('stop', 'corral-stopped.scope');
    await stage.untilInfo(
      client,
      'stopped',
      ({ status, lastEnd }) => status === 'running' && lastEnd?.run === 1,
      'is in run 2',
      PATIENCE.timeout,
    );
    await stage.close();
  });
});
