import { expect, it } from 'vitest';
import { type State, applyChange } from '../../../src/container/state.js';

const STATE = {
  id: 'web',
  spec: { linux: { resources: { pids: { limit: 5 } } } },
  cgroup: { id: 'web', v2: { path: '/c/web', payload: '/c/web/payload', base: '/c', controllers: ['pids'] }, v1: [] },
} as unknown as State;

it('adds fields', () => {
  expect(applyChange({}, STATE)).toEqual(STATE);
  expect(applyChange(STATE, { killed: true })).toEqual({ ...STATE, killed: true });
});

it('makes the sum of all changes of limits, and counts them', () => {
  const once = applyChange(STATE, { update: { resources: { memory: { limit: 7 } }, controllers: ['memory'] } });
  expect(once).toMatchObject({
    updates: 1,
    spec: { linux: { resources: { pids: { limit: 5 }, memory: { limit: 7 } } } },
    cgroup: { v2: { controllers: ['pids', 'memory'] } },
  });
  const twice = applyChange(once, { update: { resources: { pids: { limit: 6 } }, controllers: ['memory'] } });
  expect(twice).toMatchObject({
    updates: 2,
    spec: { linux: { resources: { pids: { limit: 6 }, memory: { limit: 7 } } } },
    cgroup: { v2: { controllers: ['pids', 'memory'] } },
  });
  expect(
    applyChange({ ...STATE, cgroup: { id: 'web', v1: [] } }, { update: { resources: {}, controllers: [] } }),
  ).toMatchObject({
    updates: 1,
    cgroup: { id: 'web', v1: [] },
  });
});

it('takes a change of nothing for nothing', () => {
  expect(applyChange({}, { update: { resources: {}, controllers: [] } })).toEqual({});
});
