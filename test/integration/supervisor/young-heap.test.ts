import { describe, expect, it } from 'vitest';
import { BenchSupervisor } from '../../../bench/lib/supervisor.mjs';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

describe('a supervisor that has had much to do', { timeout: 60_000 * TIME_SCALE }, () => {
  it('has not kept the memory that it took', async (context) => {
    requires(context, { root: true });
    const supervisor = new BenchSupervisor('test-heap');
    try {
      await supervisor.start();
      const { client } = supervisor;
      for (let round = 0; round < 100; round++) {
        await Promise.all(Array.from({ length: 20 }, () => client.list()));
      }
      const { youngKb } = await supervisor.measure();
      // As it is when all is loaded. Nobody keeping it small, it has 16 MB by then, and 32 in the end.
      expect(youngKb).toBeLessThanOrEqual(4096);
    } finally {
      await supervisor.clearAway();
    }
  });
});
