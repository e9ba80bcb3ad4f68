import { describe, expect, it } from 'vitest';
import { planCgroup } from '../../../src/cgroup/plan.js';
import { refFromPlan } from '../../../src/cgroup/ref.js';
import type { CgroupFacts, V1Base, V2Base } from '../../../src/cgroup/types.js';
import type { Resources } from '../../../src/spec/resources.js';

const ROOT: V2Base = {
  path: '/c',
  controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids', 'hugetlb'],
  needsEvacuation: false,
  isRoot: true,
};
const DELEGATED: V2Base = { path: '/c/me', controllers: ['memory', 'pids'], needsEvacuation: true, isRoot: false };
const V1: readonly V1Base[] = [
  { controllers: ['cpu', 'cpuacct'], path: '/v1/cpu,cpuacct' },
  { controllers: ['memory'], path: '/v1/memory' },
  { controllers: ['cpuset'], path: '/v1/cpuset' },
  { controllers: ['freezer'], path: '/v1/freezer' },
  { controllers: ['blkio'], path: '/v1/blkio' },
];

function factsWith(facts: Partial<CgroupFacts>): CgroupFacts {
  const layout: CgroupFacts['layout'] = { mode: 'unified', v1: [], named: [], disabled: [] };
  return { layout, v1Base: [], v1Top: [], hasSwap: true, ...facts };
}

const UNIFIED = factsWith({ v2Base: ROOT, v2Top: ROOT });
const HYBRID = factsWith({
  layout: { mode: 'hybrid', v1: [], named: [], disabled: [] },
  v2Base: { ...ROOT, controllers: ['hugetlb'] },
  v2Top: { ...ROOT, controllers: ['hugetlb'] },
  v1Base: V1,
  v1Top: V1,
});
const LEGACY = factsWith({ layout: { mode: 'legacy', v1: [], named: [], disabled: [] }, v1Base: V1, v1Top: V1 });

const plan = (facts: CgroupFacts, resources: Resources = {}, parent?: string) =>
  planCgroup({ id: 'web', facts, resources, ...(parent !== undefined && { parent }) });

function failure(run: () => unknown): Record<string, unknown> {
  try {
    run();
  } catch (error) {
    return { message: (error as Error).message, hint: (error as { hint?: string }).hint };
  }
  throw new Error('nothing was thrown');
}

describe('the plan of a container that holds others', () => {
  const delegate = { uid: 524288, gid: 524289 };
  const nest = (facts: CgroupFacts) => planCgroup({ id: 'web', facts, resources: {}, delegate });

  it('hands every controller that corral knows down to the payload, gives that away, and bounds its cgroups', () => {
    const controllers = ['cpuset', 'cpu', 'memory', 'pids', 'io'];
    const { v2 } = nest(UNIFIED);
    expect(v2!.delegate).toEqual({ ...delegate, controllers });
    expect(v2!.enable.map((entry) => entry.controllers.toSorted())).toEqual([
      controllers.toSorted(),
      controllers.toSorted(),
    ]);
    expect(v2!.writes).toEqual([{ file: 'cgroup.max.descendants', value: '20000', ifAbsent: 'skip' }]);
  });

  it('makes room for controllers where the caller’s own cgroup has processes in it', () => {
    const plan = nest(factsWith({ v2Base: DELEGATED }));
    expect(plan.evacuate).toBe('/c/me');
    expect(plan.v2!.delegate).toEqual({ ...delegate, controllers: ['memory', 'pids'] });
  });

  it('does not die as a whole when one of those inside takes too much memory', () => {
    const resources = { memory: { limit: 5 } };
    const files = (plan: ReturnType<typeof planCgroup>) => plan.v2!.writes.map(({ file }) => file);
    expect(files(planCgroup({ id: 'web', facts: UNIFIED, resources }))).toContain('memory.oom.group');
    expect(files(planCgroup({ id: 'web', facts: UNIFIED, resources, delegate }))).not.toContain('memory.oom.group');
  });

  it('moves nobody where there is nothing to hand down', () => {
    const plan = nest(factsWith({ v2Base: { ...DELEGATED, controllers: ['hugetlb'] } }));
    expect(plan).not.toHaveProperty('evacuate');
    expect(plan.v2).toMatchObject({ enable: [], delegate: { controllers: [] } });
  });

  it('is told of in the reference, so that figures are read accordingly', () => {
    expect(refFromPlan(nest(UNIFIED)).v2).toMatchObject({ delegated: true });
    expect(refFromPlan(planCgroup({ id: 'web', facts: UNIFIED, resources: {} })).v2).not.toHaveProperty('delegated');
  });

  it('has no v2 part on a legacy host', () => {
    expect(nest(LEGACY)).not.toHaveProperty('v2');
  });
});

describe('a plan on a unified host', () => {
  it('has two levels, and the controllers that give every result its peaks', () => {
    expect(plan(UNIFIED)).toEqual({
      v2: {
        base: '/c',
        path: '/c/corral/web',
        payload: '/c/corral/web/payload',
        enable: [
          { path: '/c', controllers: ['cpu', 'memory', 'pids', 'io'] },
          { path: '/c/corral', controllers: ['cpu', 'memory', 'pids', 'io'] },
        ],
        writes: [],
      },
      v1: [],
    });
  });

  it('hands down cpuset when a limit asks for it', () => {
    const { v2 } = plan(UNIFIED, { cpu: { cpus: '0-1', mems: '0' }, blockIO: { weight: 100 } });
    expect(v2?.enable[1]?.controllers).toEqual(['cpu', 'memory', 'pids', 'io', 'cpuset']);
    expect(v2?.writes.map(({ file }) => file)).toEqual(['cpuset.cpus', 'cpuset.mems', 'io.bfq.weight']);
  });

  it('writes unified files as they are, with their controller handed down', () => {
    const { v2 } = plan(UNIFIED, { unified: { 'memory.high': '1G', 'cgroup.max.depth': '3', 'hugetlb.2MB.max': '0' } });
    expect(v2?.enable[0]?.controllers).toEqual(['cpu', 'memory', 'pids', 'io', 'hugetlb']);
    expect(v2?.writes).toEqual([
      { file: 'memory.high', value: '1G' },
      { file: 'cgroup.max.depth', value: '3' },
      { file: 'hugetlb.2MB.max', value: '0' },
    ]);
  });

  it('follows a relative parent below the base, an absolute one below the top', () => {
    const facts = factsWith({ v2Base: DELEGATED, v2Top: ROOT });
    expect(plan(facts, {}, 'a/b').v2?.path).toBe('/c/me/a/b/web');
    const absolute = plan(facts, {}, '/foo/bar').v2;
    expect(absolute?.path).toBe('/c/foo/bar/web');
    expect(absolute?.enable.map(({ path }) => path)).toEqual(['/c', '/c/foo', '/c/foo/bar']);
    expect(plan(facts, {}, '/').v2?.enable.map(({ path }) => path)).toEqual(['/c']);
    expect(plan(factsWith({ v2Base: { ...ROOT, path: '/' } })).v2?.path).toBe('/corral/web');
  });

  it('moves the caller away for a limit only', () => {
    const facts = factsWith({ v2Base: DELEGATED });
    expect(plan(facts)).toMatchObject({ v2: { enable: [] } });
    expect(plan(facts).evacuate).toBeUndefined();
    expect(plan(facts, { pids: { limit: 5 } })).toMatchObject({
      evacuate: '/c/me',
      v2: { enable: [{ controllers: ['pids'] }, { controllers: ['pids'] }] },
    });
  });

  it('has no limit for what is said to be unlimited', () => {
    const resources = { memory: { limit: -1 }, pids: { limit: -1 }, cpu: { quota: -1, shares: 0, cpus: '', mems: '' } };
    expect(plan(factsWith({ v2Base: { ...ROOT, controllers: [] } }), resources).v2?.writes).toEqual([]);
  });
});

describe('a plan on a hybrid host', () => {
  it('joins no v1 hierarchy without a limit', () => {
    expect(plan(HYBRID)).toMatchObject({ v2: { enable: [], payload: '/c/corral/web/payload' }, v1: [] });
  });

  it('takes from v1 what v2 lacks, and each hierarchy once', () => {
    const facts = { ...HYBRID, v1Base: [{ controllers: ['cpu', 'cpuset'], path: '/v1/cpu' }, ...V1.slice(1)] };
    const { v1 } = plan(facts, { cpu: { quota: 1000, cpus: '0' }, memory: { limit: 4096 } });
    expect(v1).toEqual([
      {
        controllers: ['cpu', 'cpuset'],
        base: '/v1/cpu',
        path: '/v1/cpu/corral/web',
        inherit: ['cpuset.cpus', 'cpuset.mems'],
        writes: [
          { file: 'cpuset.cpus', value: '0' },
          { file: 'cpu.cfs_quota_us', value: '1000' },
        ],
      },
      {
        controllers: ['memory'],
        base: '/v1/memory',
        path: '/v1/memory/corral/web',
        inherit: [],
        writes: [
          { file: 'memory.limit_in_bytes', value: '4096' },
          { file: 'memory.memsw.limit_in_bytes', value: '4096' },
        ],
      },
    ]);
  });

  it('goes by the v1 name of io', () => {
    const { v1 } = plan(HYBRID, { blockIO: { weight: 100 } });
    expect(v1.map(({ path }) => path)).toEqual(['/v1/blkio/corral/web']);
  });
});

describe('what cannot be planned', () => {
  const problem = { text: 'read-only', hint: 'mount it writable' };
  const layout = UNIFIED.layout;

  it('is empty without any cgroup, as long as nothing is asked for', () => {
    expect(plan(factsWith({ problem }))).toEqual({ v1: [] });
    expect(failure(() => plan(factsWith({ problem }), { pids: { limit: 1 } }))).toEqual({
      message: 'pids limit needs the pids controller',
      hint: 'mount it writable',
    });
    expect(failure(() => plan(factsWith({}), { pids: { limit: 1 } }))['hint']).toBe(
      'this host has no cgroup that may be written',
    );
  });

  it.each([
    [
      'is not handed down',
      factsWith({ v2Base: DELEGATED }),
      { cpu: { quota: 1 } },
      '/c/me has memory, pids: cgroup.subtree_control of its parent does not hand cpu down',
    ],
    [
      'is not in the kernel',
      factsWith({ v2Base: { ...ROOT, controllers: [] } }),
      { cpu: { quota: 1 } },
      '/c has no controller: this kernel was built without cpu',
    ],
    [
      'was switched off at boot',
      factsWith({ v2Base: ROOT, layout: { ...layout, disabled: ['blkio'] } }),
      { blockIO: { weight: 10 } },
      undefined,
    ],
    [
      'was switched off at boot, and is asked for',
      factsWith({ v2Base: DELEGATED, layout: { ...layout, disabled: ['blkio'] } }),
      { blockIO: { weight: 10 } },
      'the kernel was booted without it: take cgroup_disable=blkio off its command line, or add cgroup_enable=blkio',
    ],
    [
      'belongs to a v1 hierarchy that may not be written',
      factsWith({
        v2Base: DELEGATED,
        layout: { ...layout, v1: [{ controllers: ['cpu'], mount: '/v1/cpu', root: '/', readonly: false }] },
      }),
      { cpu: { quota: 1 } },
      'cpu is a cgroup v1 controller here, and its hierarchy may not be written',
    ],
    [
      'is the v1 controller of a host around this container',
      factsWith({ v2Base: DELEGATED, layout: { ...layout, unmounted: ['blkio'] } }),
      { blockIO: { weight: 10 } },
      'blkio is a cgroup v1 controller of the host, and v1 cannot be given to a container: limit the outermost one, and that holds for all inside',
    ],
    [
      'is asked for by a unified file',
      factsWith({ v2Base: DELEGATED }),
      { unified: { 'rdma.max': 'max' } },
      '/c/me has memory, pids: cgroup.subtree_control of its parent does not hand rdma down',
    ],
  ] as const)('a controller that %s', (_name, facts, resources, hint) => {
    if (hint === undefined) expect(plan(facts, resources).v2).toBeDefined();
    else expect(failure(() => plan(facts, resources))['hint']).toBe(hint);
  });

  it.each(['', '.', '..', 'a/b', 'a\nb', 'a\0b'])('the id %j', (id) => {
    expect(() => planCgroup({ id, facts: UNIFIED, resources: {} })).toThrow(/^id: .* is not a name for a directory$/);
  });

  it('a parent that leads elsewhere', () => {
    expect(() => plan(UNIFIED, {}, 'a/../b')).toThrow(/^cgroupParent: /);
  });

  it.each(['../x', 'memory', 'memory/max', 'cgroup.kill', 'cgroup.procs', 'cgroup.subtree_control'])(
    'the unified file %s',
    (file) => {
      expect(() => plan(UNIFIED, { unified: { [file]: '1' } })).toThrow(/^unified: /);
    },
  );
});

describe('refFromPlan', () => {
  it('knows the directories before they are made', () => {
    expect(refFromPlan(plan(UNIFIED))).toEqual({
      id: 'web',
      v2: {
        base: '/c',
        path: '/c/corral/web',
        payload: '/c/corral/web/payload',
        controllers: ['cpu', 'memory', 'pids', 'io'],
      },
      v1: [],
    });
    expect(refFromPlan(plan(LEGACY)).v1[0]?.path).toBe('/v1/freezer/corral/web');
    expect(refFromPlan(plan(LEGACY), 'other').id).toBe('other');
    expect(refFromPlan({ v1: [] })).toEqual({ id: '', v1: [] });
    expect(refFromPlan(plan(factsWith({ v2Base: DELEGATED }))).v2?.controllers).toEqual([]);
  });
});
