import { describe, expect, it } from 'vitest';
import { planCgroup } from '../../../src/cgroup/plan.js';
import type { CgroupFacts, V1Base } from '../../../src/cgroup/types.js';
import type { Resources } from '../../../src/spec/resources.js';

const V1: readonly V1Base[] = [
  { controllers: ['cpu', 'cpuacct'], path: '/v1/cpu,cpuacct' },
  { controllers: ['memory'], path: '/v1/memory' },
  { controllers: ['freezer'], path: '/v1/freezer' },
];

const LEGACY: CgroupFacts = {
  layout: { mode: 'legacy', v1: [], named: [], disabled: [] },
  v1Base: V1,
  v1Top: V1,
  hasSwap: true,
};

const plan = (facts: CgroupFacts, resources: Resources = {}) => planCgroup({ id: 'web', facts, resources });

function failure(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    return { message: (error as Error).message, hint: (error as { hint?: string }).hint };
  }
  throw new Error('nothing was thrown');
}

describe('a plan on a legacy host', () => {
  it('lives in the freezer, and is counted by all that count', () => {
    const directory = (...controllers: string[]): object => {
      const base = `/v1/${controllers.join()}`;
      return { controllers, base, path: `${base}/corral/web`, inherit: [], writes: [] };
    };
    expect(plan(LEGACY)).toEqual({
      v1: [directory('freezer'), directory('cpu', 'cpuacct'), directory('memory')],
    });
    const limited = plan(LEGACY, { memory: { limit: 4096 } });
    expect(limited.v1.map(({ path, writes }) => [path, writes.length])).toEqual([
      ['/v1/freezer/corral/web', 0],
      ['/v1/cpu,cpuacct/corral/web', 0],
      ['/v1/memory/corral/web', 2],
    ]);
  });

  it('does without what is not there', () => {
    const { v1Base } = LEGACY;
    const facts = { ...LEGACY, v1Base: v1Base.filter(({ controllers }) => !controllers.includes('cpuacct')) };
    expect(plan(facts).v1.map(({ controllers }) => controllers)).toEqual([['freezer'], ['memory']]);
  });

  it('refuses a limit of a controller that no hierarchy has, and says how to get one', () => {
    expect(failure(() => plan(LEGACY, { pids: { limit: 1 } }))).toEqual({
      message: 'pids limit needs the pids controller',
      hint: expect.stringContaining('mount -t cgroup -o pids pids /sys/fs/cgroup/pids') as string,
    });
  });

  it('has no unified files', () => {
    expect(failure(() => plan(LEGACY, { unified: { 'memory.high': '1' } }))['message']).toBe(
      'memory.high needs cgroup v2',
    );
  });
});
