import { describe, expect, it } from 'vitest';
import { planCgroup } from '../../../../src/cgroup/plan.js';
import { refFromPlan } from '../../../../src/cgroup/ref.js';
import { scopeDirectory } from '../../../../src/cgroup/systemd/scope.js';
import type { CgroupFacts, ScopeFacts } from '../../../../src/cgroup/types.js';
import type { Resources } from '../../../../src/spec/resources.js';

const MANAGER = '/c/user.slice/user-1000.slice/user@1000.service';

function factsOf(systemd: Partial<ScopeFacts> = {}): CgroupFacts {
  const base = { path: MANAGER, controllers: ['memory', 'pids'], needsEvacuation: false, isRoot: false };
  return {
    layout: { mode: 'unified', v1: [], named: [], disabled: [] },
    v1Base: [],
    v1Top: [],
    hasSwap: true,
    systemd: { manager: 'user', delegated: false, controllers: ['memory', 'pids', 'cpu'], base, ...systemd },
  };
}

const plan = (resources: Resources = {}, facts = factsOf(), parent?: string) =>
  planCgroup({ id: 'web', facts, resources, ...(parent !== undefined && { parent }) });

describe('a plan for systemd', () => {
  it('has corral’s own cgroups below the scope', () => {
    expect(plan({ pids: { limit: 8 } })).toEqual({
      v2: {
        base: `${MANAGER}/corral.slice/corral-web.scope`,
        path: `${MANAGER}/corral.slice/corral-web.scope/container`,
        payload: `${MANAGER}/corral.slice/corral-web.scope/container/payload`,
        enable: [{ path: `${MANAGER}/corral.slice/corral-web.scope`, controllers: ['memory', 'pids'] }],
        writes: [{ file: 'pids.max', value: '8' }],
      },
      v1: [],
      scope: {
        manager: 'user',
        unit: 'corral-web.scope',
        slice: 'corral.slice',
        description: 'corral container web',
        properties: [{ name: 'TasksMax', type: 't', value: 9 }],
      },
    });
  });

  it('goes into the slice that is asked for, at its place', () => {
    const { v2, scope } = plan({}, factsOf(), 'ci-jobs.slice');
    expect(scope?.slice).toBe('ci-jobs.slice');
    expect(v2?.base).toBe(`${MANAGER}/ci.slice/ci-jobs.slice/corral-web.scope`);
    const root = { path: '/', controllers: [], needsEvacuation: false, isRoot: true };
    expect(plan({}, factsOf({ manager: 'system', base: root })).v2?.base).toBe('/corral.slice/corral-web.scope');
  });

  it('gives the reference by which the scope is found', () => {
    const ref = refFromPlan(plan(), 'web');
    expect(ref.scope).toEqual({ manager: 'user', unit: 'corral-web.scope' });
    expect(scopeDirectory(ref)).toBe(`${MANAGER}/corral.slice/corral-web.scope`);
    expect(scopeDirectory({ id: 'web', v1: [] })).toBeUndefined();
  });

  it('says how root can hand down a controller that is missing', () => {
    expect(() => plan({ cpu: { quota: 1000 } })).toThrow(
      expect.objectContaining({
        message: 'cpu limit needs the cpu controller',
        hint: expect.stringMatching(
          /user@1000\.service has memory, pids: as root, write .*Delegate=cpu cpuset io memory pids/,
        ) as string,
      }),
    );
  });

  it('says so when the kernel has none', () => {
    expect(() => plan({ cpu: { cpus: '0' } })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/: this kernel was built without cpuset$/) as string }),
    );
  });

  it('needs a cgroup of systemd that is seen', () => {
    const { base: _, ...systemd } = factsOf().systemd ?? { manager: 'user', delegated: false, controllers: [] };
    expect(() => plan({}, { ...factsOf(), systemd })).toThrow('the systemd cgroup driver needs a cgroup of systemd');
  });
});
