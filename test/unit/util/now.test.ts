import { expect, test } from 'vitest';
import { now } from '../../../src/util/now.js';

test('differences are milliseconds', () => {
  const [before, reference] = [now(), performance.now()];
  const end = reference + 20;
  while (performance.now() < end);
  expect(now() - before).toBeGreaterThanOrEqual(19.9);
});
