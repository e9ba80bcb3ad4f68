import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ContainerResult } from '../../../src/container/result.js';
import type { SupervisedSpawnOptions } from '../../../src/container/supervised.js';
import { type Holder, makeHolders } from '../../helpers/holder.js';
import { makeLab, until } from '../../helpers/lab.js';
import { findByArgument, listCgroups } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();
const holders = makeHolders(lab);

const ROUNDS = 14;

type Options = Omit<Partial<SupervisedSpawnOptions>, 'onEnd'>;

const CASES: Readonly<Record<string, Options>> = {
  'full isolation': { stdout: 'ignore', stderr: 'ignore' },
  'a terminal': { terminal: true },
  'a standard input that is kept': { stdin: 'keep', stdout: 'ignore', stderr: 'ignore' },
  'the pid namespace of the host': { pid: 'host', stdout: 'ignore', stderr: 'ignore' },
  'isolation cgroup': { isolation: 'cgroup', stdout: 'ignore', stderr: 'ignore' },
  'isolation cgroup and a terminal': { isolation: 'cgroup', terminal: true },
};

/** Has the container taken over, if it is there; reads its terminal, as whoever owns one must. */
async function settle(
  holder: Holder,
): Promise<{ readonly outcome: string; readonly ends: readonly ContainerResult[] }> {
  const told: ContainerResult[] = [];
  const adoption = await holders.adopt({ onEnd: (result) => told.push(result) });
  if (adoption.outcome === 'adopted') {
    adoption.container.terminal?.resume();
    expect(await adoption.container.exited).toEqual(told[0]);
  }
  return { outcome: adoption.outcome, ends: [...holder.told(), ...told] };
}

async function expectNothingLeft(marker: string): Promise<void> {
  await until(() => findByArgument(marker).length === 0, 'no process is left');
  expect(listCgroups(lab.cgroupParent)).toEqual([]);
  expect(lab.containers.list()).toEqual([]);
}

describe.each(Object.entries(CASES))('SIGKILL of the owner at a random moment, with %s', (_name, options) => {
  it('loses no end, and leaves nothing', { timeout: 120_000 * TIME_SCALE }, async (context) => {
    requires(context, { root: options.isolation === 'cgroup' && options.terminal === true });
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      const marker = makeMarker();
      const code = 40 + round;
      const holder = await holders.start(['sh', '-c', `sleep 0.05; exit ${String(code)}`, marker], options, 'ready');
      await delay(Math.random() * 130 * TIME_SCALE);
      await holder.die();
      const { outcome, ends } = await settle(holder);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      await expectNothingLeft(marker);
      // It may have been told twice: written down, and its state not yet removed.
      for (const end of ends) expect(end).toMatchObject({ exitCode: code, signal: null, oomKilled: false });
      if (outcome === 'adopted') expect(ends.length).toBeGreaterThan(0);
      if (outcome === 'absent' && ends.length === 0) expect(holder.text()).not.toContain('started');
    }
    await context.annotate(JSON.stringify(outcomes));
  });

  it('while it is being killed has it killed, and known to be', { timeout: 120_000 * TIME_SCALE }, async (context) => {
    requires(context, { root: options.isolation === 'cgroup' && options.terminal === true });
    for (let round = 0; round < ROUNDS / 2; round++) {
      const marker = makeMarker();
      const timeout = 30 * TIME_SCALE;
      const holder = await holders.start(['sh', '-c', 'sleep 1000', marker], { ...options, timeout }, 'started');
      await delay(Math.random() * 60 * TIME_SCALE);
      await holder.die();
      const adoption = await holders.adopt({ ending: { timeout } });
      if (adoption.outcome === 'adopted') {
        adoption.container.terminal?.resume();
        expect(await adoption.container.exited).toMatchObject({ signal: 'SIGKILL', timedOut: true });
      } else {
        expect(holder.told()).toMatchObject([{ signal: 'SIGKILL', timedOut: true }]);
      }
      await expectNothingLeft(marker);
    }
  });
});

it('of two that take a container over at once, one has it', async () => {
  const marker = makeMarker();
  const holder = await holders.start(['sh', '-c', 'sleep 0.3; exit 9', marker], { stdout: 'ignore' });
  await holder.die();
  // Only one of two that try becomes the owner.
  const both = await Promise.all([holders.adopt(), holders.adopt()]);
  expect(both.map(({ outcome }) => outcome).sort()).toEqual(['adopted', 'owned']);
  for (const adoption of both) {
    if (adoption.outcome === 'adopted') expect(await adoption.container.exited).toMatchObject({ exitCode: 9 });
  }
  await expectNothingLeft(marker);
});
