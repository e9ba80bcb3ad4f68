import { expect, it } from 'vitest';
import { withoutUnset } from '../../../src/cgroup/unset.js';
import type { Resources } from '../../../src/spec/resources.js';

it.each<[Resources, Resources]>([
  [{}, {}],
  [
    {
      memory: { limit: 0, swap: 0, reservation: 0, kernel: -1, kernelTCP: 0, swappiness: -1, disableOOMKiller: false },
    },
    { memory: {} },
  ],
  [{ memory: { useHierarchy: true, kernel: 0, kernelTCP: -1 } }, { memory: {} }],
  [
    { memory: { limit: -1, swap: 5, swappiness: 0, disableOOMKiller: true, checkBeforeUpdate: true, kernel: 3 } },
    { memory: { limit: -1, swap: 5, swappiness: 0, disableOOMKiller: true, checkBeforeUpdate: true, kernel: 3 } },
  ],
  [{ cpu: { shares: 0, quota: 0, period: 0, realtimePeriod: 0, realtimeRuntime: 0, cpus: '', mems: '' } }, { cpu: {} }],
  [{ cpu: { burst: 0, idle: 0, cpus: '0' } }, { cpu: { burst: 0, idle: 0, cpus: '0' } }],
  [{ pids: { limit: 0 } }, { pids: { limit: 0 } }],
  [{ pids: {} as { limit: number } }, {}],
  [{ blockIO: { weight: 0, leafWeight: 0, weightDevice: [] } }, { blockIO: { weightDevice: [] } }],
  [{ network: { classID: 0, priorities: [] } }, { network: { priorities: [] } }],
  [{ network: { classID: 1 } }, { network: { classID: 1 } }],
  [{ unified: { 'memory.min': '0' } }, { unified: { 'memory.min': '0' } }],
])('%j is %j', (given, expected) => {
  expect(withoutUnset(given)).toEqual(expected);
});
