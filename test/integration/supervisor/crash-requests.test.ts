import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Client } from '../../../src/supervisor/client/client.js';
import { type Verb, ask, askAgain } from '../../helpers/crash-driver.js';
import { type Actor, Stage } from '../../helpers/crash-stage.js';
import { TIME_SCALE } from '../../helpers/scale.js';

/** How often each is interrupted: a tenth of the moments of crash.test.ts, and some. */
const ROUNDS = Math.max(4, Math.round(Number(process.env['CORRAL_CRASH_MOMENTS'] ?? 12) / 5));

/** How much more often, where it was too early or too late until then. */
const PATIENCE = 10;

describe('a supervisor that is killed in the middle of a request', () => {
  const stage = new Stage();
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Asks, kills the supervisor somewhere in the middle of that, and asks again where it had not answered. */
  async function interrupt(client: Client, verb: Verb, actor: Actor): Promise<'done' | 'refused' | 'gone'> {
    await client.info();
    const asked = ask(client, { verb, actor });
    await delay(Math.random() * DURATIONS_MS[verb]);
    await stage.killSupervisors();
    return asked;
  }

  it('create: it is made once, or not at all', { timeout: 300_000 * TIME_SCALE }, async () => {
    using client = await stage.connect();
    const outcomes = { done: 0, refused: 0, gone: 0, there: 0 };
    for (let round = 0; round < ROUNDS * 3 || (outcomes.gone === 0 && round < ROUNDS * PATIENCE); round++) {
      // One that is never started again, so that a second start would be somebody's mistake; every second without an init.
      const actor = stage.actor(`made-${String(round)}`, { container: { init: round % 2 === 0 } });
      outcomes[await interrupt(client, 'create', actor)] += 1;
      const found = (await client.list()).find(({ id }) => id === actor.id);
      if (found !== undefined) {
        outcomes.there += 1;
        await stage.untilInfo(client, actor.id, ({ status }) => status === 'running', 'runs');
        expect(stage.processes(actor)).toHaveLength(1);
        await expect.poll(() => actor.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
        expect(await client.get(actor.id)).not.toHaveProperty('lastEnd');
      } else expect(actor.workload.read().starts, 'what is not there was never started').toBe(0);
      expect(await askAgain(client, { verb: 'create', actor })).toBe(found === undefined ? 'done' : 'refused');
      await client.remove(actor.id, { force: true });
    }
    expect(outcomes.gone, 'it was interrupted').toBeGreaterThan(0);
    await stage.close();
  });

  it('remove: it is gone, and nothing of it is left', { timeout: 300_000 * TIME_SCALE }, async () => {
    using client = await stage.connect();
    let interrupted = 0;
    for (let round = 0; round < ROUNDS || (interrupted === 0 && round < ROUNDS * PATIENCE); round++) {
      const actor = stage.actor(`gone-${String(round)}`, { restart: round % 2 === 0 ? 'always' : 'no' });
      await client.create(actor.options);
      const outcome = await interrupt(client, 'remove', actor);
      if (outcome === 'gone') interrupted += 1;
      // Whoever was asked may have died before that was written down.
      await askAgain(client, { verb: 'remove', actor });
      expect(await client.list()).toEqual([]);
      expect(stage.processes(actor)).toEqual([]);
      expect(stage.cgroups()).toEqual([]);
    }
    expect(interrupted, 'it was interrupted').toBeGreaterThan(0);
    await stage.close();
  });

  it('stop: it has its grace, ends once, and stays ended', { timeout: 300_000 * TIME_SCALE }, async () => {
    using client = await stage.connect();
    for (let round = 0; round < ROUNDS; round++) {
      const grace = round % 2 === 0 ? 0.05 : 100;
      const actor = stage.actor(`ended-${String(round)}`, { restart: 'always', grace });
      await client.create(actor.options);
      await expect.poll(() => actor.workload.read().starts).toBe(1);
      await delay(50);
      await interrupt(client, 'stop', actor);
      await askAgain(client, { verb: 'stop', actor });
      const { status, lastEnd } = await client.get(actor.id);
      expect({ status, run: lastEnd?.run }).toEqual({ status: 'exited', run: 1 });
      // It was asked with SIGTERM, by whichever of the two; the deaf one was killed.
      if (grace < 1) expect(lastEnd).toMatchObject({ exitCode: 102 });
      else expect(lastEnd).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
      expect(stage.processes(actor)).toEqual([]);
      await delay(200);
      expect(actor.workload.read()).toMatchObject({ starts: 1, doubles: 0 });
      await client.remove(actor.id);
    }
    await stage.close();
  });

  it('restart: it ends once, and runs again', { timeout: 300_000 * TIME_SCALE }, async () => {
    using client = await stage.connect();
    for (let round = 0; round < ROUNDS; round++) {
      const actor = stage.actor(`again-${String(round)}`, { grace: 0.05 });
      await client.create(actor.options);
      await expect.poll(() => actor.workload.read().starts).toBe(1);
      await delay(50);
      const outcome = await interrupt(client, 'restart', actor);
      // Whoever was asked may have died before that was written down.
      if (outcome === 'gone' && !stage.hasNotedRestart(actor.id)) await client.restart(actor.id);
      await client.list();
      await expect.poll(() => actor.workload.read().starts).toBe(2);
      await stage.untilInfo(client, actor.id, ({ status }) => status === 'running', 'runs again');
      expect(actor.workload.read()).toMatchObject({ starts: 2, doubles: 0 });
      expect(await client.get(actor.id)).toMatchObject({ lastEnd: { run: 1, exitCode: 102 } });
      await client.remove(actor.id, { force: true });
    }
    await stage.close();
  });
});

/** How long they take, and somewhat more: some are killed just afterwards. */
const DURATIONS_MS: Readonly<Record<Verb, number>> = {
  create: 60,
  remove: 40,
  stop: 250,
  restart: 150,
  start: 60,
  kill: 30,
  pause: 20,
  resume: 20,
  exec: 60,
  logs: 20,
};
