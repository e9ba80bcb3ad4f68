import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../src/spec/annotations.js';
import { DEFAULT_CAPABILITIES, DEFAULT_MOUNTS, DEFAULT_PATH } from '../../../src/spec/defaults.js';
import { toSpec } from '../../../src/spec/from-options.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { NAMESPACE_TYPES } from '../../../src/spec/types.js';
import { specOf, surroundings } from '../../helpers/facts.js';

const destinations = (options: ContainerOptions): readonly string[] =>
  specOf(options).mounts.map(({ destination }) => destination);

describe('without options, a container', () => {
  const spec = specOf();

  test('has every namespace, and chooses no ids yet', () => {
    expect(spec.linux.namespaces.map(({ type }) => type)).toEqual(NAMESPACE_TYPES);
    expect(spec.linux).toMatchObject({ uidMappings: [], gidMappings: [], sysctl: {}, resources: {} });
    expect(spec.linux).not.toHaveProperty('cgroupsPath');
  });

  test('is root with the usual capabilities, and gains no more', () => {
    expect(spec.process.user).toEqual({ uid: 0, gid: 0, additionalGids: [], umask: 0o022 });
    expect([...spec.process.capabilities.bounding].sort()).toEqual([...DEFAULT_CAPABILITIES].sort());
    expect(spec.process).toMatchObject({ noNewPrivileges: true, rlimits: [] });
    expect(spec.process).not.toHaveProperty('oomScoreAdj');
  });

  test('shows the host’s root, with /tmp and /run of its own, and dies with its parent', () => {
    expect(spec.root).toEqual({ path: '/' });
    expect(destinations({})).toEqual([...DEFAULT_MOUNTS.map(({ destination }) => destination), '/tmp', '/run']);
    expect(spec.annotations).toEqual({
      [ANNOTATIONS.rootfs]: 'host-overlay',
      [ANNOTATIONS.init]: 'true',
      [ANNOTATIONS.dieWithParent]: 'true',
      [ANNOTATIONS.seccomp]: 'default',
    });
    expect(spec.linux.maskedPaths).toContain('/proc/kcore');
    expect(spec.linux.readonlyPaths).toContain('/proc/sys');
  });

  test('starts where the caller is, with a small environment', () => {
    expect(spec.process.cwd).toBe('/work');
    expect(spec.process.env).toEqual(['PATH=/bin', 'HOME=/root', 'HOSTNAME=web', 'container=corral', 'TERM=xterm']);
  });
});

describe('with a terminal, a container', () => {
  test('has its size, and a TERM', () => {
    expect(specOf({ terminal: true }).process).toMatchObject({
      terminal: true,
      consoleSize: { height: 24, width: 80 },
    });
    expect(specOf({ terminal: false }).process).toEqual(specOf().process);
    const env = (options: ContainerOptions, callers: Record<string, string>): readonly string[] =>
      specOf({ terminal: true, ...options }, { env: callers }).process.env.filter((entry) => entry.startsWith('TERM='));
    expect(env({}, { TERM: 'screen' })).toEqual(['TERM=screen']);
    expect(env({}, {})).toEqual(['TERM=xterm']);
    expect(env({ env: { TERM: 'vt100' } }, { TERM: 'screen' })).toEqual(['TERM=vt100']);
    expect(env({ isolation: 'cgroup' }, {})).toEqual(['TERM=xterm']);
  });
});

describe('with isolation cgroup, a container', () => {
  const around = { ids: { uid: 1000, gid: 100, groups: [100, 10] } };
  const spec = specOf({ isolation: 'cgroup' }, around);

  test('has no namespace, no mounts, no hostname and the caller’s ids', () => {
    expect(spec.linux).toMatchObject({ namespaces: [], maskedPaths: [], readonlyPaths: [] });
    expect(spec.mounts).toEqual([]);
    expect(spec).not.toHaveProperty('hostname');
    expect(spec.process.user).toMatchObject({ uid: 1000, gid: 100, additionalGids: [100, 10] });
    expect(spec.process.noNewPrivileges).toBe(false);
    expect(spec.annotations).toEqual({ [ANNOTATIONS.dieWithParent]: 'true', [ANNOTATIONS.init]: 'true' });
  });

  test('inherits the caller’s environment and directory', () => {
    expect(spec.process.env).toEqual(['PATH=/bin', 'TERM=xterm', 'SECRET=token']);
    expect(specOf({ isolation: 'cgroup', env: { SECRET: 'x', A: '' } }).process.env).toEqual([
      'PATH=/bin',
      'TERM=xterm',
      'SECRET=x',
      'A=',
    ]);
    expect(specOf({ isolation: 'cgroup', cwd: 'below' }).process.cwd).toBe('/work/below');
    expect(() => specOf({ isolation: 'cgroup', cwd: '' })).toThrow(/^cwd: "" is not a path on the host/);
  });

  test('may be another user, with other groups', () => {
    const { user } = specOf({ isolation: 'cgroup', user: 'ann', groups: ['5'] }).process;
    expect(user).toMatchObject({ uid: 1000, gid: 1000, additionalGids: [10, 5] });
  });

  test.each<ContainerOptions>([
    { rootfs: '/x' },
    { readOnly: false },
    { volumes: [] },
    { tmpfs: [] },
    { expose: [] },
    { net: 'host' },
    { userns: 'host' },
    { pid: 'host' },
    { ipc: 'host' },
    { uts: 'host' },
    { cgroupns: 'host' },
    { hostname: 'x' },
    { sysctl: {} },
    { capAdd: [] },
    { capDrop: [] },
    { groups: ['5'] },
  ])('refuses what it would ignore: %j', (options) => {
    const [option] = Object.keys(options);
    expect(() => specOf({ isolation: 'cgroup', ...options })).toThrow(
      new RegExp(`^${option!}: .* is not possible with`),
    );
  });
});

describe('namespaces', () => {
  const MODES = { userns: 'user', pid: 'pid', ipc: 'ipc', uts: 'uts', net: 'network', cgroupns: 'cgroup' } as const;
  const types = (options: ContainerOptions): readonly string[] =>
    specOf(options).linux.namespaces.map(({ type }) => type);

  test('are left out exactly where the host’s are asked for; the mount namespace never', () => {
    fc.assert(
      fc.property(fc.subarray(Object.keys(MODES) as (keyof typeof MODES)[]), (shared) => {
        const options = Object.fromEntries(shared.map((option) => [option, 'host']));
        const left = shared.map((option): string => MODES[option]);
        expect(types(options)).toEqual(NAMESPACE_TYPES.filter((type) => !left.includes(type)));
      }),
    );
  });

  test('net none is a namespace whose loopback stays down', () => {
    expect(types({ net: 'none' })).toContain('network');
    expect(specOf({ net: 'none' }).annotations[ANNOTATIONS.loopback]).toBe('down');
    expect(specOf({ net: 'private' }).annotations).not.toHaveProperty(ANNOTATIONS.loopback);
  });

  test('a kernel parameter of a shared namespace is refused', () => {
    const sysctl = { 'net.ipv4.ip_forward': '1' };
    expect(specOf({ sysctl }).linux.sysctl).toEqual(sysctl);
    expect(() => specOf({ sysctl, net: 'host', userns: 'host' })).toThrow('it would change the host');
  });
});

describe('the hostname', () => {
  const name = 'a'.repeat(128);
  test.each<[ContainerOptions, string | undefined]>([
    [{}, 'web'],
    [{ name }, 'a'.repeat(64)],
    [{ hostname: 'db.example' }, 'db.example'],
    [{ uts: 'host' }, undefined],
  ])('%# is set, and HOSTNAME says the same', (options, expected) => {
    const { hostname, process } = specOf(options);
    expect(hostname).toBe(expected);
    expect(process.env.find((entry) => entry.startsWith('HOSTNAME='))).toBe(expected && `HOSTNAME=${expected}`);
  });

  test('cannot be the host’s', () => {
    expect(() => specOf({ hostname: 'x', uts: 'host' })).toThrow('it would rename the host');
    expect(() => specOf({ hostname: 'a_b' })).toThrow(/^hostname: /);
  });
});

describe('the root filesystem', () => {
  test('of one’s own comes with nothing of the host: no overlay, /tmp, /run, PATH or working directory', () => {
    const spec = specOf({ rootfs: 'image', readOnly: true });
    expect(spec.root).toEqual({ path: '/work/image', readonly: true });
    expect(spec.annotations).not.toHaveProperty(ANNOTATIONS.rootfs);
    expect(spec.mounts.map(({ destination }) => destination)).not.toContain('/tmp');
    expect(spec.process.cwd).toBe('/');
    expect(spec.process.env).toContain(`PATH=${DEFAULT_PATH}`);
  });

  test.each(['', 'a\0b'])('is never what an empty variable or a NUL byte makes of it: %j', (rootfs) => {
    expect(() => specOf({ rootfs })).toThrow(/^rootfs: .* is not a path on the host/);
  });

  test('takes the default PATH when the caller has none', () => {
    expect(specOf({}, { env: {} }).process.env).toEqual([
      `PATH=${DEFAULT_PATH}`,
      'HOME=/root',
      'HOSTNAME=web',
      'container=corral',
    ]);
  });
});

describe('what is exposed', () => {
  test('travels as absolute paths', () => {
    expect(specOf({ expose: ['/root/.ssh', 'x'] }).annotations[ANNOTATIONS.expose]).toBe('["/root/.ssh","/work/x"]');
    expect(specOf({ expose: [] }).annotations).not.toHaveProperty(ANNOTATIONS.expose);
  });

  test('is a path, and there is something that hides it', () => {
    expect(() => specOf({ expose: ['/a', ''] })).toThrow(/^expose\[1\]: "" is not a path on the host/);
    expect(() => specOf({ expose: ['/a'], rootfs: '/x' })).toThrow('it hides nothing');
  });
});

describe('mounts', () => {
  test('that are asked for come after the default ones, parents first', () => {
    expect(destinations({ volumes: ['/a:/x/y/z', '/a:/x'], tmpfs: ['/x/y'] }).slice(-3)).toEqual([
      '/x',
      '/x/y',
      '/x/y/z',
    ]);
  });

  test('take the place of a default one, so that what lies in it is not covered', () => {
    const defaults = destinations({});
    const options: ContainerOptions = { tmpfs: ['/dev'], volumes: ['/sys:/sys', '/data:/tmp'] };
    expect(destinations(options)).toEqual(defaults);
    const types = Object.fromEntries(specOf(options).mounts.map(({ destination, type }) => [destination, type]));
    expect(types).toMatchObject({ '/dev': 'tmpfs', '/sys': 'bind', '/tmp': 'bind', '/sys/fs/cgroup': 'cgroup' });
  });

  test.each<ContainerOptions>([
    { volumes: ['/a:/x', '/b:/x'] },
    { tmpfs: ['/x', '/x/../x'] },
    { tmpfs: ['/dev', '/dev'] },
    { volumes: ['/a:/x'], tmpfs: ['/x'] },
  ])('of which one would cover the other are refused: %j', (options) => {
    expect(() => specOf(options)).toThrow(/^volumes: "\/(x|dev)" is not free/);
  });

  test('that are wrong are named by their place in the list', () => {
    expect(() => specOf({ volumes: ['/a:/b', 'x'] })).toThrow(/^volumes\[1\]: /);
    expect(() => specOf({ tmpfs: ['/a', 'x'] })).toThrow(/^tmpfs\[1\]: /);
  });
});

describe('the process', () => {
  test('has what was asked for', () => {
    const { process } = specOf({
      user: 'ann',
      groups: ['7'],
      umask: 0o077,
      oomScoreAdj: -5,
      ulimits: ['nofile=5', 'core=0'],
      noNewPrivileges: false,
      capDrop: ['ALL'],
      cwd: '/a/../b',
    });
    expect(process).toMatchObject({
      args: ['sh', '-c', 'true'],
      cwd: '/b',
      user: { uid: 1000, gid: 1000, additionalGids: [10, 7], umask: 0o077 },
      oomScoreAdj: -5,
      noNewPrivileges: false,
      capabilities: { bounding: [] },
    });
    expect(process.rlimits.map(({ type }) => type)).toEqual(['RLIMIT_NOFILE', 'RLIMIT_CORE']);
    expect(process.env).toContain('HOME=/home/ann');
  });

  test.each(['/', '//', '/.', '/x/..'])('may start in / however it is written: %s', (cwd) => {
    expect(specOf({ cwd }).process.cwd).toBe('/');
  });

  test.each(['', 'below', '.', '/a\0'])('starts at no relative path of the container: %j', (cwd) => {
    expect(() => specOf({ cwd })).toThrow(/^cwd: /);
  });

  test('has each ulimit once', () => {
    expect(() => specOf({ ulimits: ['nofile=1', 'core=0', 'nofile=2'] })).toThrow(
      'ulimits[2]: "nofile=2" is not given once: RLIMIT_NOFILE is set already',
    );
  });

  test('outlives its parent, and goes without an init, only when told to', () => {
    expect(specOf({ dieWithParent: false, init: false }).annotations).toEqual({
      [ANNOTATIONS.rootfs]: 'host-overlay',
      [ANNOTATIONS.seccomp]: 'default',
    });
  });
});

describe('the cgroup parent', () => {
  test.each([
    ['a', 'a'],
    ['/a/b', '/a/b'],
    ['a//./b/', 'a/b'],
    ['//a', '/a'],
    ['..a', '..a'],
  ])('%s is %s', (cgroupParent, path) => {
    expect(specOf({ cgroupParent }).annotations[ANNOTATIONS.cgroupParent]).toBe(path);
    expect(specOf({ cgroupParent }).linux).not.toHaveProperty('cgroupsPath');
  });

  test.each(['', '/', '.', '..', '/..', 'a/..', 'a/../b', '../a'])('%j is none', (cgroupParent) => {
    expect(() => specOf({ cgroupParent })).toThrow(/^cgroupParent: /);
  });
});

test('a name that is none stops everything', () => {
  expect(() => toSpec(['true'], '../x', {}, surroundings())).toThrow(/^name: /);
});
