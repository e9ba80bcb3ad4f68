import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectLayout, type LayoutTexts, locate, parseSelfCgroup } from '../../../src/cgroup/layout.js';
import * as hosts from './fixtures/hosts.js';

const CGROUP = '/sys/fs/cgroup';

/** The controllers of each v1 hierarchy with the caller's directory in it. */
function ownByController(texts: LayoutTexts): Record<string, string | undefined> {
  return Object.fromEntries(detectLayout(texts).v1.map(({ controllers, own }) => [controllers.join(','), own]));
}

describe('detectLayout in a container', () => {
  it('names the v1 controllers of the host around it, which are not mounted', () => {
    const layout = detectLayout({
      mountinfo: '85 84 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n',
      cgroups: '',
      self: '9:name=systemd:/\n4:memory:/\n1:cpu,cpuacct:/\n0::/\n',
    });
    expect(layout).toMatchObject({ mode: 'unified', unmounted: ['memory', 'cpu', 'cpuacct'] });
    expect(layout.v2).toMatchObject({ own: '/sys/fs/cgroup', readonly: false });
  });
});

describe('detectLayout on real hosts', () => {
  it('finds v2 beside v1 controllers', () => {
    const layout = detectLayout(hosts.HYBRID_VM);
    expect(layout.mode).toBe('hybrid');
    expect(layout.v2).toEqual({
      mount: `${CGROUP}/unified`,
      root: '/',
      own: `${CGROUP}/unified/`.slice(0, -1),
      readonly: false,
    });
    expect(ownByController(hosts.HYBRID_VM)).toEqual({
      freezer: `${CGROUP}/freezer`,
      memory: `${CGROUP}/memory/api/5d7afbc3`,
      cpuset: `${CGROUP}/cpuset`,
      cpuacct: `${CGROUP}/cpuacct`,
      cpu: `${CGROUP}/cpu`,
    });
    expect(layout.named.map(({ name, mount }) => [name, mount])).toEqual([['systemd', `${CGROUP}/systemd`]]);
    expect(layout.disabled).toEqual([]);
  });

  it.each([
    ['a bare guest', hosts.BARE_UNIFIED, `${CGROUP}/init`],
    [
      'systemd',
      hosts.SYSTEMD_UNIFIED,
      `${CGROUP}/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope`,
    ],
    ['LXC', hosts.LXC, `${CGROUP}/init.scope`],
  ])('finds nothing but v2: %s', (_name, texts, own) => {
    expect(detectLayout(texts)).toMatchObject({ mode: 'unified', v2: { mount: CGROUP, own }, v1: [], named: [] });
  });

  it('finds co-mounted controllers with systemd, hybrid', () => {
    expect(detectLayout(hosts.SYSTEMD_HYBRID).mode).toBe('hybrid');
    expect(ownByController(hosts.SYSTEMD_HYBRID)).toEqual({
      memory: `${CGROUP}/memory/user.slice/user-1000.slice/session-3.scope`,
      'net_cls,net_prio': `${CGROUP}/net_cls,net_prio`,
      'cpu,cpuacct': `${CGROUP}/cpu,cpuacct/user.slice`,
      freezer: `${CGROUP}/freezer`,
    });
  });

  it('finds v1 alone, with the controllers in another order', () => {
    const layout = detectLayout(hosts.CENTOS_7);
    expect(layout.mode).toBe('legacy');
    expect(layout.v2).toBeUndefined();
    expect(ownByController(hosts.CENTOS_7)['cpuacct,cpu']).toBe(`${CGROUP}/cpu,cpuacct`);
  });

  it('takes a bind-mounted part for what it is: docker on v1', () => {
    const layout = detectLayout(hosts.DOCKER_V1);
    expect(layout.mode).toBe('legacy');
    expect(layout.v1).toContainEqual({
      controllers: ['memory'],
      mount: `${CGROUP}/memory`,
      root: '/docker/4e5f',
      own: `${CGROUP}/memory`,
      readonly: true,
    });
  });

  it('sees a read-only mount: docker on v2', () => {
    const options = ['nsdelegate', 'memory_recursiveprot'];
    const v2 = { mount: CGROUP, root: '/', own: CGROUP, readonly: true, options };
    expect(detectLayout(hosts.DOCKER_V2).v2).toEqual(v2);
  });

  it('unescapes mount points: WSL 2', () => {
    expect(detectLayout(hosts.WSL_2)).toMatchObject({ mode: 'hybrid', v2: { mount: `${CGROUP}/unified` } });
    const mountinfo = '30 25 0:27 / /mnt/with\\040space\\134 rw - cgroup2 none rw\n';
    expect(detectLayout({ mountinfo, cgroups: '', self: '0::/a b\n' }).v2).toMatchObject({
      mount: '/mnt/with space\\',
      own: '/mnt/with space\\/a b',
    });
  });

  it('finds its own cgroup below a bind-mounted one: Kubernetes', () => {
    expect(detectLayout(hosts.KUBERNETES_POD).v2).toMatchObject({ own: `${CGROUP}/init`, readonly: true });
  });

  it('lists the controllers that are off: LXC', () => {
    expect(detectLayout(hosts.LXC).disabled).toEqual(['memory', 'hugetlb']);
  });
});

describe('detectLayout', () => {
  const layoutOf = (mountinfo: readonly string[], self = '0::/\n') =>
    detectLayout({ mountinfo: mountinfo.join('\n'), cgroups: '', self });

  it('finds nothing in nothing', () => {
    expect(layoutOf([], '')).toEqual({ mode: 'none', v1: [], named: [], disabled: [] });
  });

  it('finds nothing where a hierarchy is not mounted', () => {
    expect(layoutOf([], '3:cpu:/\n1:name=x:/\n0::/\n')).toMatchObject({ mode: 'none', v1: [], named: [] });
  });

  it('ignores a mount that another one covers', () => {
    const mounts = [
      '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
      '30 1 0:27 / /sys/fs/cgroup rw - cgroup2 none rw',
      '31 30 0:28 / /sys/fs/cgroup rw - tmpfs none rw',
    ];
    expect(layoutOf(mounts).mode).toBe('none');
    expect(layoutOf([...mounts, '32 31 0:27 / /sys/fs/cgroup/unified rw - cgroup2 none rw']).v2).toMatchObject({
      mount: '/sys/fs/cgroup/unified',
    });
  });

  it('ignores a mount below a directory that another one covers', () => {
    const mounts = [
      '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
      '30 1 0:27 / /mnt/cgroup/unified rw - cgroup2 none rw',
      '31 1 0:28 / /mnt rw - tmpfs none rw',
    ];
    expect(layoutOf(mounts).mode).toBe('none');
  });

  it.each([
    ['that can be written', '30 1 0:27 / /ro ro - cgroup2 none rw', '31 1 0:27 / /rw rw - cgroup2 none rw', '/rw'],
    ['that shows the caller', '30 1 0:27 /b /b rw - cgroup2 none rw', '31 1 0:27 /a /a ro - cgroup2 none rw', '/a'],
    ['that begins at the top', '30 1 0:27 /a /a rw - cgroup2 none rw', '31 1 0:27 / /all rw - cgroup2 none rw', '/all'],
    ['that was first', '30 1 0:27 / /one rw - cgroup2 none rw', '31 1 0:27 / /two rw - cgroup2 none rw', '/one'],
    [
      'of a writable file system',
      '30 1 0:27 / /ro rw - cgroup2 none ro',
      '31 1 0:27 / /rw rw - cgroup2 none rw',
      '/rw',
    ],
  ])('prefers the mount %s', (_name, one, two, mount) => {
    expect(layoutOf([one, two], '0::/a\n').v2?.mount).toBe(mount);
  });

  it('does not know its own directory where the mount does not show it', () => {
    expect(layoutOf(['30 1 0:27 / /c rw - cgroup2 none rw'], '0::/../x\n').v2).toEqual({
      mount: '/c',
      root: '/',
      readonly: false,
    });
  });

  it('takes a path without its mark of being deleted', () => {
    expect(layoutOf(['30 1 0:27 / /c rw - cgroup2 none rw'], '0::/x (deleted)\n').v2?.own).toBe('/c/x');
  });

  it('takes a missing line of v2 for the top', () => {
    expect(layoutOf(['30 1 0:27 / /c rw - cgroup2 none'], 'nonsense\n').v2?.own).toBe('/c');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (mountinfo, cgroups, self) => {
        detectLayout({ mountinfo, cgroups, self });
      }),
    );
  });
});

describe('locate', () => {
  it.each([
    ['/', '/', '/m'],
    ['/', '/a/b', '/m/a/b'],
    ['/a', '/a', '/m'],
    ['/a', '/a/b', '/m/b'],
    ['/a', '/ab', undefined],
    ['/a', '/', undefined],
    ['/', '/..', undefined],
    ['/', '/../a', undefined],
    ['/..', '/../a', '/m/a'],
    ['/..', '/', undefined],
  ])('root %s, path %s', (root, path, expected) => {
    expect(locate({ mount: '/m', root }, path)).toBe(expected);
  });

  it('puts every path below a whole hierarchy where it says', () => {
    const name = fc.stringMatching(/^[a-z0-9@.\\-]{1,8}$/).filter((one) => one !== '..');
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const path = `/${names.join('/')}`;
        expect(locate({ mount: '/m', root: '/' }, path)).toBe(`/m${path}`);
      }),
    );
  });
});

describe('parseSelfCgroup', () => {
  it('gives each controller its path, and v2 the empty name', () => {
    expect([...parseSelfCgroup('4:cpu,cpuacct:/x\n1:name=systemd:/y:z\n0::/\n')]).toEqual([
      ['cpu', '/x'],
      ['cpuacct', '/x'],
      ['name=systemd', '/y:z'],
      ['', '/'],
    ]);
  });
});
