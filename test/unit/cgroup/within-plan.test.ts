import { describe, expect, it } from 'vitest';
import { planWithin } from '../../../src/cgroup/within-plan.js';
import { UnsupportedError } from '../../../src/errors/unsupported-error.js';
import type { CgroupFacts } from '../../../src/cgroup/types.js';
import type { Within } from '../../../src/spec/within.js';

const within: Within = {
  base: '/sys/fs/cgroup/corral/web/payload',
  directory: 'container-job',
  controllers: ['memory', 'pids', 'misc'],
  v1: [],
  owner: { uid: 1000, gid: 100 },
  inCallersDirectory: true,
};
const facts: CgroupFacts = {
  layout: { mode: 'unified', v1: [], named: [], disabled: [] },
  v1Base: [],
  v1Top: [],
  hasSwap: false,
};

describe('the cgroup of a container inside another one', () => {
  it('is below that of its caller, with limits, bounds and a payload of its own', () => {
    const { v2, ...rest } = planWithin(within, { pids: { limit: 7 } }, facts);
    expect(rest).toEqual({ v1: [] });
    expect(v2).toMatchObject({
      base: within.base,
      path: `${within.base}/container-job`,
      payload: `${within.base}/container-job/payload`,
      enable: [{ path: within.base, controllers: within.controllers }],
      delegate: { uid: 1000, gid: 100, controllers: ['memory', 'pids'] },
    });
    expect(v2?.writes.map(({ file }) => file)).toEqual(['pids.max', 'cgroup.max.descendants', 'cgroup.max.depth']);
  });

  it('is in the v1 cgroups of its caller, which are not its own', () => {
    expect(planWithin({ ...within, controllers: [], v1: ['/sys/fs/cgroup/pids/web'] }, {}, facts)).toMatchObject({
      v1: [],
      also: ['/sys/fs/cgroup/pids/web'],
      v2: { enable: [] },
    });
  });

  it('has no limit that its caller cannot hand down', () => {
    expect(() => planWithin(within, { cpu: { quota: 1000, period: 1000 } }, facts)).toThrow(UnsupportedError);
  });
});
