import { expect, it } from 'vitest';
import { LIMITS, fitLimits } from '../../../../src/supervisor/api/limits.js';

it('leaves as many connections as there are descriptors for', () => {
  expect(fitLimits(1_048_576)).toEqual(LIMITS);
  expect(fitLimits(Infinity)).toEqual(LIMITS);
  for (const descriptors of [64, 1024, 4096, 20_000, 65_536]) {
    const { all, free, confined, confinedAll, strangers } = fitLimits(descriptors);
    expect(free).toBeGreaterThan(0);
    expect(confined).toBeLessThanOrEqual(confinedAll);
    // There is room for who is in no container, whatever those in containers and strangers do.
    expect(all - confinedAll - strangers).toBeGreaterThanOrEqual(all / 2);
    if (descriptors >= 1024) expect(8 * confinedAll + 2 * strangers + 400).toBeLessThan(descriptors);
  }
});
