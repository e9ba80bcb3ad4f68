import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBootId } from '../../../src/container/identity.js';
import { killCgroup } from '../../../src/cgroup/kill.js';
import { Store } from '../../../src/container/store.js';
import { type Actor, Stage } from '../../helpers/crash-stage.js';

const OTHER_BOOT = '01234567-89ab-4cde-8f01-23456789abcd';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage[Symbol.asyncDispose]());

/**
 * What a power loss leaves: no process and no cgroup, and on disk another boot's id.
 *
 * @param keepsState - the state directory is on the disk as well, and not in memory
 */
async function losePower(keepsState: boolean): Promise<void> {
  await stage.killSupervisors();
  for (const { cgroup } of new Store(stage.stateDir).list()) await killCgroup(cgroup);
  for (const name of readdirSync(stage.stateDir)) {
    const path = join(stage.stateDir, name);
    if (name === 'data') continue;
    if (keepsState && name.endsWith('.state')) age(path);
    else if (!keepsState || name === 'api') rmSync(path, { recursive: true });
  }
  for (const name of readdirSync(join(stage.stateDir, 'data'))) {
    const record = join(stage.stateDir, 'data', name, 'record');
    // One that was being removed may have none any more.
    if (existsSync(record)) age(record);
  }
}

function age(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(readBootId(), OTHER_BOOT));
}

describe.each([true, false])('a power loss, where the state directory is kept: %s', (keepsState) => {
  it('ends everything, and policies say what starts again', async () => {
    const actors = {
      no: stage.actor('no'),
      failing: stage.actor('failing', { restart: 'on-failure', log: { driver: 'json' } }),
      always: stage.actor('always', { restart: 'always' }),
      kept: stage.actor('kept', { restart: 'unless-stopped' }),
      'always-stopped': stage.actor('always-stopped', { restart: 'always' }),
      'kept-stopped': stage.actor('kept-stopped', { restart: 'unless-stopped' }),
      brief: stage.actor('brief', { life: 0.05, autoRemove: true }),
    } satisfies Record<string, Actor>;
    {
      using client = await stage.connect();
      for (const { options } of Object.values(actors)) await client.create(options);
      for (const actor of Object.values(actors)) await expect.poll(() => actor.workload.read().starts).toBe(1);
      await client.stop('always-stopped', { gracePeriod: 1000 });
      await client.stop('kept-stopped', { gracePeriod: 1000 });
    }
    await losePower(keepsState);
    using client = await stage.connect();
    await expect.poll(async () => (await client.list()).filter(({ status }) => status === 'running').length).toBe(4);
    const found = Object.fromEntries((await client.list()).map((info) => [info.id, info]));
    expect(Object.keys(found).sort()).toEqual(['always', 'always-stopped', 'failing', 'kept', 'kept-stopped', 'no']);
    for (const id of ['failing', 'always', 'kept'])
      expect(found[id], id).toMatchObject({
        status: 'running',
        lastEnd: { run: 1, error: 'the machine went down' },
      });
    expect(found['always-stopped']).toMatchObject({ status: 'running', lastEnd: { run: 1, exitCode: 102 } });
    expect(found['kept-stopped']).toMatchObject({ status: 'exited', lastEnd: { run: 1, exitCode: 102 } });
    expect(found['no']).toMatchObject({ status: 'exited', lastEnd: { run: 1, error: 'the machine went down' } });
    for (const id of ['always', 'kept', 'failing', 'always-stopped'] as const)
      await expect.poll(() => actors[id].workload.read()).toMatchObject({ starts: 2, doubles: 0 });
    expect(actors.no.workload.read()).toMatchObject({ starts: 1 });
    // It is not started once more by the supervisor after that.
    await stage.killSupervisors();
    expect((await client.list()).filter(({ status }) => status === 'running')).toHaveLength(4);
    for (const id of ['always', 'kept', 'failing', 'always-stopped'] as const)
      expect(actors[id].workload.read()).toMatchObject({ starts: 2, doubles: 0 });
    await stage.close();
  });
});
