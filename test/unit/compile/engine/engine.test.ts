import { describe, expect, test } from 'vitest';
import { compile } from '../../../../src/compile/compile.js';
import { fillsDev } from '../../../../src/compile/engine/devices.js';
import { PLACE, cleanPath, placeRules } from '../../../../src/compile/engine/place.js';
import type { HostFacts } from '../../../../src/host/facts.js';
import { formatPlan } from '../../../../src/plan/format.js';
import type { StepName } from '../../../../src/plan/steps.js';
import type { LaunchPlan } from '../../../../src/plan/types.js';
import { ANNOTATIONS } from '../../../../src/spec/annotations.js';
import type { Linux, Mount, Spec, SpecNamespaceType } from '../../../../src/spec/types.js';
import { HYBRID, NO_CGROUP, hostFacts, mount, plainFacts, specOf } from '../../../helpers/facts.js';

const mountOf = (destination: string, type: string, options: readonly string[] = []): Mount => ({
  destination,
  type,
  source: type,
  options,
});
const bindOf = (source: string, destination: string, options: readonly string[] = ['rbind']): Mount => ({
  ...mountOf(destination, 'none', options),
  source,
});

const PROC = mountOf('/proc', 'proc', ['nosuid']);
const DEV = mountOf('/dev', 'tmpfs', ['mode=755']);
const CGROUP = mountOf('/sys/fs/cgroup', 'cgroup', ['nosuid', 'ro', 'rprivate']);

interface Wish {
  readonly mounts?: readonly Mount[];
  readonly namespaces?: readonly { readonly type: SpecNamespaceType; readonly path?: string }[];
  readonly linux?: Partial<Linux>;
  readonly root?: Spec['root'];
  readonly process?: Partial<Spec['process']>;
  readonly facts?: HostFacts;
}

function engineSpec({
  mounts = [PROC, DEV],
  namespaces = [{ type: 'mount' }, { type: 'cgroup' }],
  ...wish
}: Wish): Spec {
  const spec = specOf({ cwd: '/srv' });
  return {
    ...spec,
    root: wish.root ?? { path: '/rootfs' },
    mounts,
    process: { ...spec.process, ...wish.process },
    linux: { ...spec.linux, namespaces, maskedPaths: [], readonlyPaths: [], ...wish.linux },
    annotations: { [ANNOTATIONS.engine]: 'true' },
  };
}

const planOf = (wish: Wish): LaunchPlan => compile('web', engineSpec(wish), wish.facts ?? hostFacts());
const stepsOf = (wish: Wish, ...names: readonly StepName[]): unknown[] =>
  planOf(wish).steps.filter(({ op }) => names.includes(op));
const USER = [{ type: 'user' }, { type: 'mount' }] as const;
const MAPS = {
  uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
  gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
};

describe('where a mount may go', () => {
  test.each([
    ['/data', '/data'],
    ['//a/./b/../c/', '/a/c'],
    ['/../..', '/'],
    ['/', '/'],
  ])('%s is %s', (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });

  test.each([
    [PROC, false, PLACE.CREATE | PLACE.PLAIN | PLACE.MUST_BE_PROC],
    [bindOf('/proc', '/proc/'), true, PLACE.CREATE | PLACE.PLAIN | PLACE.MUST_BE_PROC],
    [bindOf('/x', '/proc/uptime'), true, PLACE.CREATE | PLACE.IN_PROC],
    [mountOf('/sys', 'sysfs'), false, PLACE.CREATE | PLACE.PLAIN],
    [mountOf('/elsewhere', 'proc'), false, PLACE.CREATE | PLACE.PLAIN],
    [bindOf('/sys', '/sys'), true, PLACE.CREATE],
    [mountOf('/process', 'tmpfs'), false, PLACE.CREATE],
  ])('%j', (one, isBind, rules) => {
    expect(placeRules(one, 0, isBind)).toBe(rules);
  });

  test.each([
    [mountOf('data', 'tmpfs'), '/mounts/7/destination'],
    [mountOf('/a/..', 'tmpfs'), '/mounts/7/destination'],
    [mountOf('/proc', 'tmpfs'), '/mounts/7/type'],
    [mountOf('/proc/sys/fs/binfmt_misc', 'binfmt_misc'), '/mounts/7/destination'],
  ])('%j is refused', (one, pointer) => {
    expect(() => placeRules(one, 7, false)).toThrow(expect.objectContaining({ pointer, code: 'ERR_CONFIG' }));
  });
});

describe('the root file system', () => {
  test('is the caller’s clone, a slave of the host’s, and is made read-only last', () => {
    const plan = planOf({ root: { path: '/rootfs', readonly: true } });
    expect(plan.fds).toContainEqual({ slot: 'rootfs', kind: 'tree', path: '/rootfs', recursive: true, idmap: false });
    const text = formatPlan(plan);
    expect(text).toMatch(/change rootfs: slave recursive\n.*place rootfs on stage:root\n/);
    expect(text).toMatch(/change root: rdonly\n.*pivot root\n/);
    expect(text).not.toMatch(/pivot root\n.*change root/);
  });

  test.each([
    ['private', /change rootfs: private recursive/],
    ['shared', /change rootfs: private recursive[^]*pivot root\n.*change root: shared\n/],
    ['unbindable', /change rootfs: private recursive[^]*pivot root\n.*change root: unbindable\n/],
  ] as const)('with the propagation %s', (rootfsPropagation, words) => {
    expect(formatPlan(planOf({ linux: { rootfsPropagation } }))).toMatch(words);
  });

  test('is opened by the process itself where the caller may not', () => {
    const plan = planOf({ namespaces: USER, facts: plainFacts(), mounts: [bindOf('/a', '/b', ['bind'])] });
    expect(plan.fds.filter(({ kind }) => kind === 'tree')).toEqual([]);
    expect(plan.steps).toContainEqual({ op: 'open-tree', path: '/rootfs', flags: 0x8000, tree: 'rootfs' });
    expect(plan.steps).toContainEqual({ op: 'open-tree', path: '/a', flags: 0, tree: 'mount.0' });
  });

  test.each([
    ['/srv/../opt', [{ op: 'make-directory', root: 'root', path: '/opt', mode: 0o755 }]],
    ['/', []],
  ])('has the working directory %s', (cwd, made) => {
    expect(stepsOf({ process: { cwd } }, 'make-directory')).toEqual(made);
  });

  test('is put together elsewhere than on what file systems are mounted from', () => {
    const stage = (facts: HostFacts): unknown => stepsOf({ facts }, 'mount');
    expect(stage(hostFacts())).toMatchObject([{ target: '/sys/kernel' }]);
    expect(stage(hostFacts({ mounts: [mount('/', 'ext4')] }))).toMatchObject([{ target: '/tmp' }]);
  });

  test('is complete when the hooks of its creation run, and can still be written', () => {
    const hooks = { createRuntime: [{ path: '/usr/bin/hook' }], createContainer: [{ path: '/usr/bin/other' }] };
    const own = { ...engineSpec({ root: { path: '/rootfs', readonly: true } }), hooks };
    expect(formatPlan(compile('web', own, hostFacts()))).toMatch(
      /make directory \/srv\n.*wait for the hooks of the runtime\n.*run hook \/usr\/bin\/other.*\n.*change root: rdonly\n/,
    );
    const shared = { ...engineSpec({ namespaces: [], mounts: [] }), hooks };
    expect(formatPlan(compile('web', shared, hostFacts()))).toMatch(/run hook \/usr\/bin\/other.*\n.*change root\n/);
    const host = { ...shared, root: { path: '/' } };
    expect(formatPlan(compile('web', host, hostFacts()))).toContain('run hook /usr/bin/other');
  });

  test('has the label of SELinux, where that is enabled', () => {
    const linux = { mountLabel: 'system_u:object_r:container_file_t:s0:c1,c2' };
    const facts = hostFacts({ mounts: [mount('/', 'ext4'), mount('/sys/fs/selinux', 'selinuxfs')] });
    expect(stepsOf({ linux, facts }, 'make-mount')).toMatchObject([
      { type: 'proc', data: '' },
      { type: 'tmpfs', data: 'mode=755,context="system_u:object_r:container_file_t:s0:c1,c2"' },
    ]);
    expect(() => planOf({ linux })).toThrow('/linux/mountLabel: ');
  });
});

describe('without mounts of its own', () => {
  const wish = (more: Wish = {}): Wish => ({ namespaces: [{ type: 'pid' }], mounts: [], ...more });

  test('the container has another root, and that is all', () => {
    expect(planOf(wish()).steps.slice(0, 2)).toEqual([
      { op: 'open-directory', root: undefined, path: '/rootfs', directory: 'root' },
      { op: 'change-root', root: 'root' },
    ]);
    expect(stepsOf(wish({ root: { path: '/.' } }), 'change-root', 'pivot-root')).toEqual([]);
    const joined = wish({ namespaces: [{ type: 'mount', path: '/run/ns/mnt' }] });
    expect(stepsOf(joined, 'change-root', 'pivot-root', 'read-only-path')).toHaveLength(1);
  });

  test.each<[string, Wish]>([
    ['/mounts', { mounts: [PROC] }],
    ['/linux/maskedPaths', { linux: { maskedPaths: ['/proc/kcore'] } }],
    ['/linux/readonlyPaths', { linux: { readonlyPaths: ['/proc/sys'] } }],
    ['/linux/devices', { linux: { devices: [{ type: 'p', path: '/p' }] } }],
    ['/root/readonly', { root: { path: '/rootfs', readonly: true } }],
  ])('%s cannot be had', (pointer, more) => {
    expect(() => planOf(wish(more))).toThrow(expect.objectContaining({ pointer }));
  });

  test('its terminal is one of the host’s', () => {
    const process = { terminal: true };
    expect(stepsOf(wish({ process }), 'open-terminal')).toMatchObject([{ console: '' }]);
    expect(stepsOf({ process }, 'open-terminal', 'make-file')).toMatchObject([
      { op: 'make-file', path: '/dev/console' },
      { console: '/dev/console' },
    ]);
    expect(stepsOf({ process, mounts: [bindOf('/dev', '/dev')] }, 'open-terminal')).toMatchObject([{ console: '' }]);
  });
});

describe('a bind mount', () => {
  const changes = (options: readonly string[], linux: Partial<Linux> = {}): string[] =>
    formatPlan(planOf({ mounts: [bindOf('/a', '/b', options)], linux }))
      .split('\n')
      .filter((line) => line.includes('change mount.0'))
      .map((line) => line.replace(/.*mount\.0: /, ''));

  test.each([
    [['rbind'], ['slave recursive']],
    [
      ['bind', 'ro', 'rro', 'noatime'],
      ['slave recursive', 'rdonly,noatime', 'rdonly recursive'],
    ],
    [
      ['rbind', 'rprivate', 'rw'],
      ['not rdonly', 'private recursive'],
    ],
    [
      ['rbind', 'private', 'exec', 'atime'],
      ['slave recursive', 'not noexec,noatime', 'private'],
    ],
    [
      ['rbind', 'rshared'],
      ['slave recursive', 'shared recursive'],
    ],
  ])('with %j', (options, words) => {
    expect(changes(options)).toEqual(words);
  });

  test('is what the root is by default', () => {
    expect(changes(['rbind'], { rootfsPropagation: 'private' })).toEqual(['private recursive']);
    expect(changes(['rbind', 'rshared'], { rootfsPropagation: 'shared' })).toEqual(['shared recursive']);
  });

  test('may be mapped', () => {
    const trees = (wish: Wish): unknown => planOf(wish).fds.find(({ slot }) => slot === 'mount.0');
    const own = { ...bindOf('/a', '/b', ['bind']), ...MAPS };
    const range = [{ containerId: 0, hostId: 1000, size: 10 }];
    expect(trees({ mounts: [own] })).toMatchObject({ mapping: { recursive: false, by: { uids: range, gids: range } } });
    const container = [bindOf('/a', '/b', ['rbind', 'ridmap'])];
    expect(trees({ mounts: container, namespaces: USER, linux: MAPS })).toMatchObject({
      mapping: { recursive: true, by: 'container' },
    });
    const joined = [{ type: 'user', path: '/run/ns/user' }, { type: 'mount' }] as const;
    const plan = planOf({ mounts: container, namespaces: joined, linux: MAPS });
    expect(formatPlan(plan)).toContain('idmapped with its submounts by /run/ns/user');
    const one = formatPlan(planOf({ mounts: [bindOf('/a', '/b', ['bind', 'idmap'])], namespaces: USER, linux: MAPS }));
    expect(one).toContain('clone mount /a as mount.0 (idmapped)');
  });

  test.each<[string, Wish]>([
    ['/mounts/0/options', { mounts: [bindOf('/a', '/b', ['bind', 'idmap'])] }],
    ['/mounts/0/gidMappings', { mounts: [{ ...bindOf('/a', '/b'), uidMappings: MAPS.uidMappings }] }],
    ['/mounts/0/uidMappings', { mounts: [{ ...bindOf('/a', '/b'), ...MAPS, uidMappings: [] }] }],
    ['/mounts/0/options', { mounts: [{ ...mountOf('/b', 'tmpfs'), uidMappings: MAPS.uidMappings }] }],
    ['/mounts/0/options', { mounts: [{ ...bindOf('/a', '/b'), ...MAPS }], namespaces: USER, facts: plainFacts() }],
  ])('cannot be mapped: %s', (pointer, wish) => {
    expect(() => planOf(wish)).toThrow(expect.objectContaining({ pointer }));
  });

  test('of type bind is one, whatever its options say', () => {
    expect(planOf({ mounts: [{ ...bindOf('/a', '/b', []), type: 'bind' }] }).fds).toContainEqual(
      expect.objectContaining({ slot: 'mount.0', path: '/a', recursive: false }),
    );
  });

  test('that is there already is changed', () => {
    const remount = (options: readonly string[]): unknown[] =>
      stepsOf({ mounts: [mountOf('/a', 'none', ['remount', ...options])] }, 'remount', 'set-mount-attributes');
    expect(remount(['bind', 'ro'])).toMatchObject([{ op: 'set-mount-attributes', target: '/a', set: 1, recursive: 0 }]);
    expect(remount(['bind', 'rro'])).toMatchObject([{ set: 1, recursive: 1 }]);
    expect(remount(['ro', 'size=1m'])).toMatchObject([{ op: 'remount', target: '/a', flags: 33, data: 'size=1m' }]);
    expect(() => planOf({ mounts: [mountOf('a', 'none', ['remount'])] })).toThrow('/mounts/0/destination');
  });
});

describe('a file system', () => {
  test('has the words of mount(2)', () => {
    const one = mountOf('/a/', 'ext4', ['ro', 'nosuid', 'errors=continue', 'acl', 'rnodev', 'shared']);
    expect(formatPlan(planOf({ mounts: [one] }))).toMatch(
      /make ext4 as mount\.0 {2}\[ext4 rdonly,nosuid errors=continue,acl\]\n.*change mount\.0: nodev recursive\n.*change mount\.0: shared\n.*place mount\.0 on \/a\n/,
    );
  });

  test.each([
    ['tmpfs', ['ro']],
    ['tmpfs', ['rro']],
  ])('of type %s with %j is read-only once all is in it', (type, options) => {
    const text = formatPlan(planOf({ mounts: [mountOf('/a', type, options)] }));
    expect(text).toMatch(/make tmpfs as mount\.0 {2}\[tmpfs\]\n/);
    expect(text).toMatch(/make symlink[^]*change mount\.0: rdonly\n.*pivot root/);
  });

  test('may begin with what it covers, and only a tmpfs', () => {
    const copying = (type: string): unknown[] =>
      stepsOf({ mounts: [mountOf('/a', type, ['tmpcopyup'])] }, 'make-mount', 'copy-up', 'place-mount').slice(-3);
    expect(copying('tmpfs')).toMatchObject([{ target: '/a' }, { op: 'copy-up', path: '/a' }, { op: 'place-mount' }]);
    expect(() => copying('ext4')).toThrow('/mounts/0/options');
  });

  test('with more options than mount(2) takes is refused', () => {
    expect(() => planOf({ mounts: [mountOf('/a', 'overlay', [`lowerdir=${'/l:'.repeat(2000)}`])] })).toThrow(
      'at most 4095 bytes',
    );
  });
});

describe('/dev', () => {
  test('is filled unless it is a bind mount', () => {
    expect(fillsDev({ mounts: [] })).toBe(true);
    expect(fillsDev({ mounts: [DEV] })).toBe(true);
    expect(fillsDev({ mounts: [bindOf('/dev', '/dev/')] })).toBe(false);
    expect(fillsDev({ mounts: [DEV, bindOf('/dev', '/dev', ['remount', 'bind', 'ro'])] })).toBe(true);
    expect(stepsOf({ mounts: [bindOf('/dev', '/dev')] }, 'make-device', 'make-symlink', 'replace-symlink')).toEqual([]);
  });

  test('has nodes where nodes can be made, and the host’s otherwise', () => {
    const trees = (wish: Wish): unknown[] =>
      stepsOf(wish, 'make-device').map((step) => Reflect.get(step as object, 'tree'));
    expect(new Set(trees({}))).toEqual(new Set([undefined]));
    const { userns, caller } = hostFacts();
    for (const facts of [
      hostFacts({ userns: { ...userns, initial: false } }),
      hostFacts({ caller: { ...caller, capabilities: 0n } }),
    ]) {
      expect(trees({ facts })).toEqual([0, 1, 2, 3, 4, 5].map((number) => `device.${String(number)}`));
    }
    const devices = [{ type: 'p', path: '/dev/pipe' }] as const;
    expect(trees({ namespaces: USER, linux: { ...MAPS, devices } }).at(-1)).toBeUndefined();
  });

  test('has what is asked for in the place of the default', () => {
    const devices = [
      { type: 'b', path: '/dev/sda', major: 259, minor: 70_000, fileMode: 0o100640, uid: 1, gid: 2 },
      { type: 'u', path: '/dev/./null', major: 1, minor: 3 },
      { type: 'c', path: '/dev/ptmx', major: 5, minor: 2 },
    ] as const;
    const steps = stepsOf({ linux: { devices } }, 'make-device');
    expect(steps).toHaveLength(7);
    expect(steps).toContainEqual(
      expect.objectContaining({ path: '/dev/sda', mode: 0o060640, device: 0x11110370, uid: 1, gid: 2 }),
    );
    expect(formatPlan(planOf({ linux: { devices } }))).toContain('[block 259:70000 mode 640 owner 1:2]');
    expect(formatPlan(planOf({ linux: { devices: [{ type: 'p', path: '/p' }] } }))).toContain('/p  [fifo mode 666');
  });
});

describe('a mount of type cgroup', () => {
  const text = (wish: Wish): string => formatPlan(planOf({ mounts: [CGROUP], ...wish }));
  const host = [{ type: 'mount' }] as const;

  test('is cgroup v2, new in a namespace of its own, and the host’s otherwise', () => {
    expect(text({})).toMatch(
      /make cgroup2 as mount\.0 {2}\[cgroup rdonly,nosuid\]\n.*private recursive\n.*place mount\.0 on \/sys\/fs\/cgroup/,
    );
    expect(text({ namespaces: host })).toMatch(/clone mount \/sys\/fs\/cgroup as mount\.0\n/);
    expect(text({ namespaces: host })).toMatch(/change mount\.0: rdonly,nosuid private\n/);
  });

  test('is a directory of hierarchies where there are several', () => {
    const { layout } = HYBRID;
    const cgroup = {
      ...HYBRID,
      layout: {
        ...layout,
        v1: [
          ...layout.v1,
          {
            mount: '/sys/fs/cgroup/cpu,cpuacct',
            root: '/',
            readonly: false,
            controllers: ['cpu', 'cpuacct'],
            own: '/sys/fs/cgroup/cpu,cpuacct/me',
          },
        ],
        named: [
          {
            mount: '/sys/fs/cgroup/systemd',
            root: '/',
            readonly: false,
            name: 'systemd',
            own: '/sys/fs/cgroup/systemd/me',
          },
        ],
      },
    };
    const facts = hostFacts({ cgroup });
    const limits = { resources: { memory: { limit: 1 << 28 } } };
    const fresh = text({ facts, linux: limits });
    expect(fresh).toMatch(/make tmpfs as mount\.0 {2}\[tmpfs nosuid,nodev,noexec mode=755\]/);
    expect(fresh).toMatch(/make cgroup as mount\.0\.0 {2}\[cgroup rdonly,nosuid,nodev,noexec memory\]/);
    expect(fresh).toMatch(/make cgroup as mount\.0\.1 {2}\[cgroup rdonly,nosuid,nodev,noexec cpu,cpuacct\]/);
    expect(fresh).toMatch(/make cgroup as mount\.0\.2 {2}\[cgroup rdonly,nosuid,nodev,noexec none,name=systemd\]/);
    expect(fresh).toMatch(/make cgroup2 as mount\.0\.3 /);
    expect(fresh).toContain('make symlink /sys/fs/cgroup/cpuacct to cpu,cpuacct');
    expect(fresh).toMatch(/change mount\.0: rdonly\n.*pivot root/);
    const shown = text({ facts, linux: limits, namespaces: host });
    expect(shown).toMatch(/clone mount \/sys\/fs\/cgroup\/memory\/.*web as mount\.0\.0\n/);
    expect(shown).toContain('clone mount /sys/fs/cgroup/cpu,cpuacct/me as mount.0.1\n');
    expect(shown).toContain('clone mount /sys/fs/cgroup/systemd/me as mount.0.2\n');
    expect(shown).toMatch(/clone mount \/sys\/fs\/cgroup\/unified\/.*web.* as mount\.0\.3\n/);
    const writable = { ...CGROUP, options: [] };
    expect(text({ facts, linux: limits, namespaces: host, mounts: [writable] })).toMatch(
      /change mount\.0\.0: nosuid,nodev,noexec private\n/,
    );
  });

  test('that cannot be shown is refused', () => {
    const refused =
      (wish: Wish): (() => LaunchPlan) =>
      () =>
        planOf({ mounts: [CGROUP], ...wish });
    expect(
      refused({ facts: hostFacts({ cgroup: NO_CGROUP }), namespaces: [{ type: 'mount' }, { type: 'pid' }] }),
    ).toThrow('/mounts/0/type');
    expect(refused({ facts: hostFacts({ cgroup: HYBRID }), namespaces: host })).toThrow(
      '/sys/fs/cgroup/memory is not seen here',
    );
  });
});
