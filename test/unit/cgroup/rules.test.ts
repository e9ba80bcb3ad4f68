import { expect, test } from 'vitest';
import { escapeKey, pointerTo, valueAt } from '../../../src/cgroup/rules.js';
import type { Resources } from '../../../src/spec/resources.js';

test('a pointer begins where the resources stand', () => {
  expect(pointerTo('memory/limit', {})).toBe('/linux/resources/memory/limit');
  expect(pointerTo('memory/limit', { engine: { pointer: '/linux/resources' } })).toBe('/linux/resources/memory/limit');
  expect(pointerTo('memory/limit', { engine: { pointer: '' } })).toBe('/memory/limit');
});

test('a value is found by its pointer, whatever its name has in it', () => {
  const resources: Resources = { memory: { limit: 5 }, unified: { 'a/b~c': 'x' } };
  expect(valueAt(resources, 'memory/limit')).toBe(5);
  expect(valueAt(resources, `unified/${escapeKey('a/b~c')}`)).toBe('x');
  expect(valueAt(resources, 'memory/limit/deeper')).toBeUndefined();
  expect(valueAt(resources, 'cpu/quota')).toBeUndefined();
});
