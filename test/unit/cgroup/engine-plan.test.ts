import { describe, expect, it } from 'vitest';
import { planEngineCgroup } from '../../../src/cgroup/engine-plan.js';
import { refFromPlan } from '../../../src/cgroup/ref.js';
import type { CgroupFacts, ScopeFacts } from '../../../src/cgroup/types.js';
import { ALL, failure, HYBRID, plan, UNIFIED } from '../../helpers/engine-plans.js';

describe('the place', () => {
  it('is one level, and every parent hands down what there is', () => {
    const { v2, flat, v1 } = plan({});
    expect({ v1, flat, path: v2!.path, payload: v2!.payload }).toEqual({
      v1: [],
      flat: true,
      path: '/c/k/pod/web',
      payload: '/c/k/pod/web',
    });
    expect(v2!.enable).toEqual(['/c', '/c/k', '/c/k/pod'].map((path) => ({ path, controllers: ALL })));
    expect(refFromPlan(plan({}), 'web')).toMatchObject({ id: 'web', flat: true });
  });

  it('is given to the container’s user where that is asked for', () => {
    const { v2 } = plan({}, UNIFIED, { owner: { uid: 5, gid: 6 } });
    expect(v2!.delegate).toEqual({ uid: 5, gid: 6, controllers: [] });
  });

  it('is ruled over by v1 where it is there, by a program where not, by nothing where all is allowed', () => {
    expect(plan({}, HYBRID).devices).toMatchObject({ version: 1, path: '/devices/k/pod/web' });
    expect(plan({}).devices).toMatchObject({ version: 2, path: '/c/k/pod/web' });
    expect(plan({}).devices).not.toHaveProperty('optional');
    expect(plan({}, UNIFIED, { isRootless: true }).devices).toHaveProperty('optional', true);
    expect(plan({ devices: [{ allow: true, access: 'rwm' }] }).devices).toBeUndefined();
  });

  it('needs nothing where nothing is asked for and nothing may be written', () => {
    const { v2Base: _, v2Top: __, ...facts } = UNIFIED;
    const nowhere = { id: 'web', facts, resources: {}, isRootless: true };
    expect(planEngineCgroup(nowhere)).toEqual({ v1: [], flat: true });
    expect(failure(() => planEngineCgroup({ ...nowhere, resources: { pids: { limit: 1 } } })).pointer).toBe(
      '/linux/resources/pids/limit',
    );
  });
});

describe('systemd', () => {
  const BASE = { path: '/c', controllers: ALL, needsEvacuation: false, isRoot: true };
  const systemd = (facts: Partial<ScopeFacts> = {}): CgroupFacts => ({
    ...UNIFIED,
    systemd: { manager: 'system', delegated: false, controllers: ALL, base: BASE, ...facts },
  });
  const request = { driver: 'systemd', cgroupsPath: 'machine.slice:libpod:1f' } as const;

  it('makes a scope whose own cgroup is the container’s', () => {
    const { scope, v2, flat, devices } = plan({ pids: { limit: 5 }, memory: { limit: 9 } }, systemd(), request);
    expect(scope).toEqual({
      manager: 'system',
      unit: 'libpod-1f.scope',
      slice: 'machine.slice',
      description: 'corral container web',
      properties: [
        { name: 'MemoryMax', type: 't', value: 9 },
        { name: 'TasksMax', type: 't', value: 5 },
      ],
    });
    expect({ flat, path: v2!.path, payload: v2!.payload, devices: devices!.path }).toEqual({
      flat: true,
      path: '/c/machine.slice/libpod-1f.scope',
      payload: '/c/machine.slice/libpod-1f.scope',
      devices: '/c/machine.slice/libpod-1f.scope',
    });
  });

  it('is below the user’s manager for a user', () => {
    const base = { ...BASE, path: '/c/user@1000.service' };
    const { v2 } = plan({}, systemd({ manager: 'user', base }), { ...request, cgroupsPath: '' });
    expect(v2!.path).toBe('/c/user@1000.service/user.slice/corral-web.scope');
    expect(plan({}, systemd({ base: { ...BASE, path: '/' } }), request).v2!.path).toBe(
      '/machine.slice/libpod-1f.scope',
    );
  });

  it('is refused where there is none, and a path that is not for it', () => {
    expect(failure(() => plan({}, UNIFIED, request)).message).toMatch(/systemd has not booted the host$/);
    const problem = { text: 'this host is hybrid', hint: 'x' };
    expect(failure(() => plan({}, systemd({ problem }), request))).toMatchObject({
      pointer: '/linux/cgroupsPath',
      hint: 'x',
    });
    const { base: _, ...unseen } = systemd().systemd!;
    expect(failure(() => plan({}, { ...UNIFIED, systemd: unseen }, request)).message).toMatch(/no cgroup of systemd/);
    expect(failure(() => plan({}, systemd(), { driver: 'systemd' })).message).toMatch(/slice:prefix:name/);
  });
});
