import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Client } from '../../../src/supervisor/client/client.js';
import { createRandom, pick } from '../../fuzz/random.js';
import { Ends, checkEnds, checkLog } from '../../helpers/crash-checks.js';
import { type Request, type Verb, ask, askAgain } from '../../helpers/crash-driver.js';
import { type Actor, type ActorOptions, Stage } from '../../helpers/crash-stage.js';
import { TIME_SCALE } from '../../helpers/scale.js';

/** How many moments there are: CORRAL_CRASH_MOMENTS=200 takes some ten minutes. */
const MOMENTS = Number(process.env['CORRAL_CRASH_MOMENTS'] ?? 12);
const SEED = Number(process.env['CORRAL_CRASH_SEED'] ?? Date.now() % 1_000_000);

const random = createRandom(SEED);

/** Containers that nobody asks anything of: each must run on, through all of it, without noticing. */
const STEADY: Readonly<Record<string, ActorOptions>> = {
  raw: {},
  json: { log: { driver: 'json', maxSize: 65_536, maxFiles: 1000 }, tick: 0.005 },
  terminal: { container: { terminal: true }, tick: 0.1 },
  input: { interactive: true },
  leased: { leased: true },
  cgroup: { container: { isolation: 'cgroup' } },
  alone: { container: { init: false } },
};

/** Those with lives of their own, of which things are asked meanwhile. */
const BUSY: Readonly<Record<string, ActorOptions>> = {
  always: { restart: 'always', life: 0.3, log: { driver: 'json' } },
  flaky: { restart: 'on-failure:4', life: 0.1, succeeds: 3 },
  timed: { restart: 'unless-stopped', timeout: 700, stopSignal: 'SIGTERM', gracePeriod: 300 },
  checked: { health: { command: 'test -s /journal/count', interval: 100, retries: 2 }, log: { driver: 'json' } },
  graceful: { grace: 0.2, restart: 'always' },
  deaf: { grace: 100, restart: 'on-failure' },
  paused: { log: { driver: 'json' } },
  brief: { life: 0.5 },
};

const VERBS: readonly Verb[] = [
  'start',
  'start',
  'stop',
  'restart',
  'restart',
  'kill',
  'pause',
  'resume',
  'exec',
  'logs',
];

describe('a supervisor that is killed at any moment', () => {
  const stage = new Stage();
  afterAll(() => stage[Symbol.asyncDispose]());
  const steady = Object.entries(STEADY).map(([id, options]) => stage.actor(id, options));
  const busy = Object.entries(BUSY).map(([id, options]) => stage.actor(id, options));
  const ends = new Map([...steady, ...busy].map((actor) => [actor, new Ends()]));
  /** Made and removed again and again. */
  const temporary = new Set<Actor>();
  let made = 0;
  const tally = { moments: 0, supervisors: 0, requests: 0, interrupted: 0 };

  function chooseRequests(): readonly Request[] {
    const chosen = new Map<Actor, Request>();
    for (let left = 1 + random(4); left > 0; left--) {
      const actor = pick(busy, random);
      chosen.set(actor, { actor, verb: pick(VERBS, random) });
    }
    if (random(2) === 0) {
      const actor = stage.actor(`temporary-${String(made++)}`, { grace: 0.1, autoRemove: random(2) === 0 });
      temporary.add(actor);
      chosen.set(actor, { actor, verb: 'create' });
    } else if (temporary.size > 0) {
      const actor = pick([...temporary], random);
      chosen.set(actor, { actor, verb: 'remove' });
    }
    return [...chosen.values()];
  }

  /** Asks for some things, and kills the supervisor meanwhile; sometimes the next one as well, while it takes over. */
  async function crash(client: Client): Promise<void> {
    const requests = chooseRequests();
    const outcomes = requests.map(async (request) => ({ request, outcome: await ask(client, request) }));
    await delay(random(3) === 0 ? random(40) : random(500));
    tally.supervisors += await stage.killSupervisors();
    tally.moments += 1;
    const gone = (await Promise.all(outcomes)).filter(({ outcome }) => outcome === 'gone');
    tally.requests += requests.length;
    tally.interrupted += gone.length;
    for (const [actor, seen] of ends) seen.look(stage, actor);
    if (random(3) === 0) {
      const next = client.list().catch(() => undefined);
      await delay(random(400));
      tally.supervisors += await stage.killSupervisors();
      tally.moments += 1;
      await next;
    }
    // Asked again of the next one, they are done, or there is nothing left to do.
    await Promise.all(gone.map(({ request }) => askAgain(client, request)));
    for (const { actor, verb } of requests) if (verb === 'remove') temporary.delete(actor);
  }

  async function check(client: Client): Promise<void> {
    const list = await client.list();
    const ids = list.map(({ id }) => id).filter((id) => !id.startsWith('temporary-'));
    expect(ids).toEqual([...steady, ...busy].map(({ id }) => id).sort());
    for (const { id } of list.filter(({ id: name }) => name.startsWith('temporary-')))
      expect([...temporary].map((actor) => actor.id)).toContain(id);
    for (const actor of steady) {
      expect(list.find(({ id }) => id === actor.id)).toMatchObject({ status: 'running', restarts: 0 });
      expect(stage.processes(actor), `${actor.id} runs once`).toHaveLength(1);
      expect(actor.workload.read(), `${actor.id} was never started again`).toMatchObject({ starts: 1, doubles: 0 });
    }
    for (const actor of temporary)
      expect(actor.workload.read().starts, `${actor.id} is started once`).toBeLessThanOrEqual(1);
    for (const actor of [...busy, ...temporary]) {
      expect(actor.workload.read().doubles, `${actor.id} is never there twice`).toBe(0);
      expect(stage.processes(actor).length, `${actor.id} is never there twice`).toBeLessThanOrEqual(1);
    }
  }

  it(
    `has lost nothing, and doubled nothing, ${String(MOMENTS)} times`,
    { timeout: 3_600_000 * TIME_SCALE },
    async () => {
      using client = await stage.connect();
      const lease = new AbortController();
      for (const actor of [...steady, ...busy])
        await client.create(actor.options, actor.id === 'leased' ? { lease: lease.signal } : {});
      while (tally.moments < MOMENTS) {
        await crash(client);
        await check(client);
      }
      // So long a lease is waited for: it was taken up again.
      await delay(11_000);
      await check(client);
      let lines = 0;
      let exits = 0;
      for (const actor of steady) lines += await checkLog(client, actor, actor.id === 'terminal');
      for (const actor of busy) {
        await client.kill(actor.id).catch(() => undefined);
        lines += await checkLog(client, actor);
        const seen = ends.get(actor) ?? new Ends();
        seen.look(stage, actor);
        exits += checkEnds(actor, seen);
      }
      lease.abort();
      await stage.untilInfo(client, 'leased', ({ status }) => status === 'exited', 'ends with its lease');
      await stage.close();
      console.info({ seed: SEED, ...tally, lines, exits, complaints: stage.readComplaints() });
    },
  );
});
