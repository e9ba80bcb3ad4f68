import { describe, expect, it } from 'vitest';
import { locateEngine } from '../../../src/cgroup/engine-place.js';
import type { CgroupFacts, V2Base } from '../../../src/cgroup/types.js';

const base = (path: string): V2Base => ({ path, controllers: ['memory'], needsEvacuation: false, isRoot: false });

function factsOf(facts: Partial<CgroupFacts>): CgroupFacts {
  return {
    layout: { mode: 'none', v1: [], named: [], disabled: [] },
    v1Base: [],
    v1Top: [],
    hasSwap: false,
    ...facts,
  };
}

const UNIFIED = factsOf({
  layout: {
    mode: 'unified',
    v2: { mount: '/c', root: '/', readonly: false, own: '/c/a/own' },
    v1: [],
    named: [],
    disabled: [],
  },
  v2Base: base('/c'),
  v2Top: base('/c'),
});

const V1 = { root: '/', readonly: false, own: '/m/own' };
const HYBRID = factsOf({
  layout: {
    mode: 'hybrid',
    v2: { mount: '/u', root: '/', readonly: false, own: '/u/own' },
    v1: [
      { mount: '/m', controllers: ['memory'], ...V1 },
      { mount: '/p', controllers: ['cpu', 'cpuacct'], root: '/', readonly: false },
    ],
    named: [
      { mount: '/s', name: 'systemd', ...V1, own: '/s' },
      { mount: '/o', name: 'openrc', ...V1 },
    ],
    disabled: [],
  },
  v2Base: base('/u'),
  v2Top: base('/u'),
  v1Top: [
    { controllers: ['memory'], path: '/m' },
    { controllers: ['cpu', 'cpuacct'], path: '/p' },
  ],
});

const paths = (facts: CgroupFacts, path?: string): readonly string[] => {
  const { v2, v1 } = locateEngine(path, 'web', facts);
  return [...(v2 ? [v2.path] : []), ...v1.map(({ controllers, path: at }) => `${controllers.join()} ${at}`)];
};

describe('on a host with v2 alone', () => {
  it.each([
    ['/k/pod', ['/c/k/pod']],
    ['//k/./pod/', ['/c/k/pod']],
    ['pod', ['/c/a/pod']],
    ['system.slice:docker:1', ['/c/a/system.slice:docker:1']],
    [undefined, ['/c/corral/web']],
    ['', ['/c/corral/web']],
  ])('%j is %j', (path, expected) => {
    expect(paths(UNIFIED, path)).toEqual(expected);
  });

  it('goes where may be written where the top may not be: beside the own cgroup, below it, or nowhere', () => {
    const { v2Top: _, ...user } = UNIFIED;
    expect(paths({ ...user, v2Base: base('/c/a/own'), v2Above: '/c/a' })).toEqual(['/c/a/web']);
    expect(paths({ ...user, v2Base: base('/c/a/own') })).toEqual(['/c/a/own/web']);
    const { v2Base: __, ...nobody } = user;
    expect(paths(nobody)).toEqual([]);
  });

  it('stays below the top', () => {
    const { layout } = UNIFIED;
    const top = { ...UNIFIED, layout: { ...layout, v2: { ...layout.v2!, own: '/c' } } };
    expect(paths(top, 'pod')).toEqual(['/c/pod']);
    expect(paths({ ...top, layout: { ...layout, v2: { ...layout.v2!, mount: '/', own: '/' } } }, '/pod')).toEqual([
      '/pod',
    ]);
  });

  it.each([`/${'x'.repeat(256)}`, '/ü'.repeat(1500)])('a path is no longer than a kernel takes it', (path) => {
    expect(() => paths(UNIFIED, path)).toThrow(
      /^\/linux\/cgroupsPath: .* is not a path with names of at most 255 bytes/,
    );
  });

  it.each(['/', '.', '..', '/a/../..', 'a/..', 'a\nb', '/a\0'])('%j is no path of a cgroup', (path) => {
    expect(() => paths(UNIFIED, path)).toThrow(/^\/linux\/cgroupsPath: .* is not the path of a cgroup below the top/);
  });
});

describe('on a host with v1', () => {
  it('is in every hierarchy, that of systemd included', () => {
    expect(paths(HYBRID, '/k/pod')).toEqual([
      '/u/k/pod',
      'memory /m/k/pod',
      'cpu,cpuacct /p/k/pod',
      'name=systemd /s/k/pod',
    ]);
    expect(paths(HYBRID)).toContain('name=systemd /s/corral/web');
  });

  it('begins at the own cgroup of each where the path is relative', () => {
    expect(paths(HYBRID, 'pod')).toEqual([
      '/u/own/pod',
      'memory /m/own/pod',
      'cpu,cpuacct /p/pod',
      'name=systemd /s/pod',
    ]);
  });

  it('takes those that may be written where no path is given', () => {
    const { v2Top: _, v2Base: __, ...rest } = HYBRID;
    const { v2: ___, ...layout } = rest.layout;
    const legacy = { ...rest, layout: { ...layout, mode: 'legacy' } as const };
    expect(paths({ ...legacy, v1Top: legacy.v1Top.slice(0, 1) })).toEqual([
      'memory /m/corral/web',
      'name=systemd /s/corral/web',
    ]);
    expect(paths({ ...legacy, v1Top: [], v1Base: [{ controllers: ['memory'], path: '/m/own' }] })).toEqual([
      'memory /m/own/web',
    ]);
  });
});
