import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from '../../helpers/crash-stage.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/corral.cjs', import.meta.url));

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage[Symbol.asyncDispose]());

/** Runs a supervisor in the foreground. @returns what it has said and how it has ended, once it has */
async function supervise(...flags: readonly string[]): Promise<{ readonly code: unknown; readonly said: string }> {
  const words = [MAIN, '--state-dir', stage.stateDir, 'supervise', ...flags];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<unknown[]>]);
  return { code, said };
}

describe('supervise, where one runs already', () => {
  it('says so, and leaves that alone', async () => {
    using client = await stage.connect();
    const before = stage.supervisor();
    const { code, said } = await supervise();
    expect(code).toBe(1);
    expect(said).toContain(`process ${String(before)}`);
    expect((await client.info()).pid).toBe(before);
  });

  it('takes its containers over with --replace, which go on', async () => {
    using client = await stage.connect();
    const actor = stage.actor('web', { restart: 'always', log: { driver: 'json' } });
    await client.create(actor.options);
    await expect.poll(() => actor.workload.read().starts).toBe(1);
    const before = stage.supervisor();
    const ended = supervise('--replace');
    await expect.poll(async () => (await client.info()).pid, { timeout: 10_000 }).not.toBe(before);
    expect(stage.supervisors()).toEqual([(await client.info()).pid]);
    expect(await client.get('web')).toMatchObject({ status: 'running', restarts: 0 });
    expect(actor.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
    await client.remove('web', { force: true });
    await stage.endSupervisor();
    expect(await ended).toMatchObject({ code: 0 });
  });

  it('is like any other with --replace where none runs', async () => {
    const ended = supervise('--replace');
    await expect.poll(() => existsSync(join(stage.stateDir, 'api/corral.sock')), { timeout: 10_000 }).toBe(true);
    using client = await stage.connect();
    expect(await client.list()).toEqual([]);
    await stage.endSupervisor();
    expect(await ended).toMatchObject({ code: 0 });
  });
});
