import { expect, it } from 'vitest';
import { mergeResources } from '../../../src/spec/merge-resources.js';
import type { Resources } from '../../../src/spec/resources.js';

const rate = (minor: number, bytes: number) => ({ major: 8, minor, rate: bytes });

it.each<[current: Resources, given: Resources, merged: Resources]>([
  [{}, {}, {}],
  [{ pids: { limit: 5 }, unified: { 'a.b': '1' } }, {}, { pids: { limit: 5 }, unified: { 'a.b': '1' } }],
  [{ pids: { limit: 5 } }, { pids: { limit: -1 } }, { pids: { limit: -1 } }],
  [{ memory: { limit: 5, swap: 9 } }, { memory: { limit: 6 } }, { memory: { limit: 6, swap: 9 } }],
  [
    { memory: { limit: 5, swap: 9, reservation: 1 } },
    { memory: { limit: -1 } },
    { memory: { limit: -1, reservation: 1 } },
  ],
  [{ memory: { limit: 5 } }, { memory: { limit: -1, swap: -1 } }, { memory: { limit: -1, swap: -1 } }],
  [{}, { memory: { limit: -1 } }, { memory: { limit: -1 } }],
  [
    { cpu: { quota: 1, period: 2, shares: 3 } },
    { cpu: { quota: -1, mems: '0' } },
    { cpu: { quota: -1, period: 2, shares: 3, mems: '0' } },
  ],
  [{}, { blockIO: { weight: 10 } }, { blockIO: { weight: 10 } }],
  [
    { blockIO: { weight: 10, throttleReadBpsDevice: [rate(0, 1), rate(1, 2)] } },
    { blockIO: { throttleReadBpsDevice: [rate(1, 0), rate(2, 5)], throttleWriteBpsDevice: [rate(0, 3)] } },
    { blockIO: { weight: 10, throttleReadBpsDevice: [rate(0, 1), rate(2, 5)], throttleWriteBpsDevice: [rate(0, 3)] } },
  ],
])('%j with %j is %j', (current, given, merged) => {
  expect(mergeResources(current, given)).toEqual(merged);
});
