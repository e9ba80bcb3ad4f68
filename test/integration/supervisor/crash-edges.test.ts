import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { checkLog } from '../../helpers/crash-checks.js';
import { type Actor, Stage } from '../../helpers/crash-stage.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const CORRAL = join(import.meta.dirname, '../../../dist/cli/corral.cjs');

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage[Symbol.asyncDispose]());

function corral(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CORRAL, '--state-dir', stage.stateDir, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function flagsOf({ id, workload }: Actor): readonly string[] {
  return ['--name', id, '--cgroup-parent', stage.cgroupParent, '--volume', `${workload.directory}:/journal`];
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}

describe('the one supervisor', () => {
  it('is one, however many ask for it at once', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => stage.connect()));
    const pids = await Promise.all(clients.map(async (client) => (await client.info()).pid));
    expect(new Set(pids)).toEqual(new Set([stage.supervisor()]));
    const actors = clients.map((_, index) => stage.actor(`at-once-${String(index)}`));
    await stage.killSupervisors();
    await Promise.all(actors.map(async ({ options }, index) => clients[index]?.create(options)));
    for (const actor of actors) await expect.poll(() => actor.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
    // The others that were started have found that there is one, and end.
    await expect.poll(() => stage.supervisors(), { timeout: 5000 }).toHaveLength(1);
    await stage.close();
  });

  it('keeps others from being one, and says which it is', async () => {
    using client = await stage.connect();
    const { pid } = await client.info();
    const second = corral(['supervise']);
    expect(await textOf(second)).toContain(`a supervisor runs already for ${stage.stateDir}: process`);
    expect(second.exitCode).toBe(1);
    expect((await client.info()).pid).toBe(pid);
    await stage.close();
  });

  it('is not there, and cannot be, while somebody else holds its lock', { timeout: 60_000 * TIME_SCALE }, async () => {
    const fd = openSync(join(stage.stateDir, 'supervisor.lock'), 'w+', 0o600);
    try {
      expect(addon.flock({ fd, operation: 'exclusive' })).toBe(true);
      await expect(stage.connect()).rejects.toMatchObject({ code: 'ERR_LOCKED' });
    } finally {
      closeSync(fd);
    }
    using client = await stage.connect();
    expect(await client.list()).toEqual([]);
    await stage.close();
  });

  it('does not work with the records of another state directory at the same time', async () => {
    using client = await stage.connect();
    await client.info();
    // A second lock at the same place, as where somebody has cleared the state directory; the records are the same.
    rmSync(join(stage.stateDir, 'supervisor.lock'));
    rmSync(join(stage.stateDir, 'api/corral.sock'));
    const before = stage.supervisor();
    using other = await stage.connect();
    expect(await other.list()).toEqual([]);
    expect(stage.supervisor()).not.toBe(before);
    await stage.close();
  });
});

describe('SIGTERM', () => {
  it('ends the supervisor and nothing else, and whoever waits goes on waiting', async () => {
    using client = await stage.connect();
    const lease = new AbortController();
    const going = stage.actor('going', { log: { driver: 'json' } });
    const leased = stage.actor('leased', { leased: true });
    const ending = stage.actor('ending', { life: 3 });
    await client.create(going.options);
    await client.create(leased.options, { lease: lease.signal });
    await client.create(ending.options);
    const waiting = [client.wait('ending'), textOf(corral(['wait', 'ending']))] as const;
    await delay(500);
    await stage.endSupervisor();
    expect(stage.processes(going)).toHaveLength(1);
    expect(await waiting[0]).toMatchObject({ run: 1, exitCode: 2 });
    expect(await waiting[1]).toBe('2\n');
    for (const actor of [going, leased])
      expect(actor.workload.read(), `${actor.id} has gone on`).toMatchObject({ starts: 1, doubles: 0 });
    expect((await client.list()).map(({ id, status }) => `${id} ${status}`)).toEqual([
      'ending exited',
      'going running',
      'leased running',
    ]);
    lease.abort();
    await stage.untilInfo(client, 'leased', ({ status }) => status === 'exited', 'has ended with its lease');
    await checkLog(client, going);
    await stage.close();
  });
});

describe('a client that dies', () => {
  it('in the middle of run -d leaves a whole container, or none', { timeout: 120_000 * TIME_SCALE }, async () => {
    using client = await stage.connect();
    for (let round = 0; round < 10; round++) {
      const actor = stage.actor(`client-${String(round)}`);
      const flags = flagsOf(actor);
      const child = corral(['run', '-d', ...flags, '--', ...actor.options.command]);
      const closed = once(child, 'close');
      // Node itself takes the first 60 ms of it.
      await delay(60 + Math.random() * 150 * TIME_SCALE);
      child.kill('SIGKILL');
      await closed;
      await delay(300);
      if ((await client.list()).some(({ id }) => id === actor.id)) {
        await stage.untilInfo(client, actor.id, ({ status }) => status === 'running', 'runs');
        await expect.poll(() => actor.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
        await client.remove(actor.id, { force: true });
      } else expect(actor.workload.read().starts).toBe(0);
      expect(stage.processes(actor)).toEqual([]);
    }
    await stage.close();
  });

  it('takes what it has leased along, also where its supervisor dies first', async () => {
    using client = await stage.connect();
    for (const withSupervisor of [false, true]) {
      const actor = stage.actor(`leased-${String(withSupervisor)}`);
      const flags = flagsOf(actor);
      const child = corral(['run', '--lease', ...flags, '--', ...actor.options.command]);
      await expect.poll(() => actor.workload.read().starts, { timeout: 5000 * TIME_SCALE }).toBe(1);
      if (withSupervisor) await stage.killSupervisors();
      child.kill('SIGKILL');
      await once(child, 'close');
      // Without the one that it knew, the next one gives it ten seconds to come back.
      const info = await stage.untilInfo(client, actor.id, ({ status }) => status === 'exited', 'ends');
      expect(info.lastEnd).toMatchObject({ run: 1, signal: 'SIGKILL' });
      expect(stage.processes(actor)).toEqual([]);
    }
    expect(stage.cgroups()).toEqual([]);
    await stage.close();
  });
});

describe('a state directory that somebody has cleared', () => {
  it('costs the runs their end, and doubles nothing', async () => {
    using client = await stage.connect();
    const single = stage.actor('once');
    const always = stage.actor('always', { restart: 'always', log: { driver: 'json' } });
    for (const { options } of [single, always]) await client.create(options);
    await expect.poll(() => always.workload.read().starts).toBe(1);
    for (const name of readdirSync(stage.stateDir))
      if (name !== 'data') rmSync(join(stage.stateDir, name), { recursive: true });
    await stage.untilInfo(
      client,
      'always',
      ({ status, lastEnd }) => status === 'running' && lastEnd?.run === 1,
      'again',
    );
    expect(await client.get('once')).toMatchObject({ status: 'exited', lastEnd: { run: 1, signal: 'SIGKILL' } });
    expect(stage.processes(single)).toEqual([]);
    await expect.poll(() => always.workload.read()).toMatchObject({ starts: 2, doubles: 0 });
    expect(stage.processes(always)).toHaveLength(1);
    await checkLog(client, always);
    await stage.close();
  });
});

describe('the unit file', () => {
  it('starts the supervisor that this is', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CORRAL, 'supervise', '--unit']);
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(stdout) ?? [];
    expect(line.split(' ').slice(2)).toEqual(['supervise', '--replace']);
    expect(readFileSync(line.split(' ')[1] ?? '', 'utf8').length).toBeGreaterThan(0);
    expect(stdout).toContain('KillMode=process\n');
  });
});
