import { describe, expect, test } from 'vitest';
import type { Act } from '../../../src/cgroup/types.js';
import { until } from '../../helpers/lab.js';
import { findByArgument, findLeaks, takeSnapshot } from '../../helpers/leaks.js';
import { makeMarker } from '../../helpers/orphans.js';
import { killHard, startOwner } from '../../helpers/owner.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeSystemdLab, show, untilNoUnits } from './systemd-lab.js';

const lab = makeSystemdLab();
const linger = (marker: string): readonly string[] => ['sh', '-c', 'echo ready; sleep 1000; : $0', marker];

describe('with systemd', () => {
  test.each(['full', 'cgroup'] as const)(
    'prune takes what the death of the owner has left, isolation %s',
    async (isolation) => {
      const marker = makeMarker();
      const options = { ...lab.options, name: 'left', memory: '64M', isolation, dieWithParent: false };
      const owner = await startOwner('hold', linger(marker), options);
      await killHard(owner);
      expect(findByArgument(marker).length).toBeGreaterThan(0);
      expect(lab.containers.get('left').status).toBe('abandoned');
      expect(show('corral-left.scope', 'ActiveState')).toEqual({ ActiveState: 'active' });

      expect(await lab.containers.prune()).toMatchObject([{ id: 'left', report: { gone: true } }]);

      expect(findByArgument(marker)).toEqual([]);
      expect(lab.containers.list()).toEqual([]);
      await untilNoUnits();
    },
  );

  test.each(['full', 'cgroup'] as const)('it dies with its owner, isolation %s', async (isolation) => {
    const marker = makeMarker();
    const owner = await startOwner('hold', linger(marker), { ...lab.options, name: 'left', isolation });
    await killHard(owner);
    await until(() => findByArgument(marker).length === 0, 'all have died');
    await untilNoUnits();
    expect(await lab.containers.prune()).toMatchObject([{ id: 'left' }]);
    expect(lab.containers.list()).toEqual([]);
  });

  test(
    'owners that die at any moment of a start leave what prune takes',
    { timeout: 120_000 * TIME_SCALE },
    async () => {
      for (let round = 0; round < 8; round++) {
        const owner = await startOwner('churn', ['sleep', '1000'], { ...lab.options, memory: '64M' });
        await new Promise((resolve) => setTimeout(resolve, 40 * round));
        await killHard(owner);
      }
      await lab.containers.prune();
      expect(lab.containers.list()).toEqual([]);
      await untilNoUnits();
    },
  );

  test('a failure of any action of the parent leaves nothing', { timeout: 240_000 * TIME_SCALE }, async () => {
    const scope = { stateDir: lab.stateDir, cgroupParent: String(lab.options.cgroupParent) };
    const spawnWith = async (act: Act): Promise<unknown> => {
      try {
        const container = await lab.spawn(['sleep', '1000'], { name: 'sweep', memory: '64M', pids: 32 }, { act });
        await container.kill();
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const actions: string[] = [];
    await spawnWith((what, run) => {
      actions.push(what);
      return run();
    });
    const before = takeSnapshot(scope);
    for (const [index, what] of actions.entries()) {
      for (const when of ['before', 'after'] as const) {
        const failure = new Error(`${when} ${what}`);
        let count = 0;
        const act: Act = (_what, run) => (count++ === index ? fail(when, failure, run) : run());
        expect(await spawnWith(act), failure.message).toBe(failure);
        expect(await findLeaks(before, scope), failure.message).toEqual([]);
        await untilNoUnits();
      }
    }
    expect(actions).toEqual(expect.arrayContaining(['clone corral-init', 'start corral-sweep.scope', 'send plan']));
  });
});

/** Fails before or after an action; one that takes time is waited for. */
function fail<T>(when: 'before' | 'after', failure: Error, run: () => T): T {
  const result: unknown = when === 'before' ? undefined : run();
  if (!(result instanceof Promise)) throw failure;
  return result.then(() => {
    throw failure;
  }) as T;
}
