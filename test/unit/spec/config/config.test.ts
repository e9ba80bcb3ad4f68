import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../src/errors/config-error.js';
import { parseConfig } from '../../../../src/spec/config/config.js';
import type { Json } from '../../../../src/spec/config/json.js';
import type { Spec } from '../../../../src/spec/types.js';
import { ENGINE_CONFIGS, formatJson, minimalConfig, readFixture } from '../../../helpers/configs.js';
import { BAD } from './bad-cases.js';
import { BAD_LINUX } from './bad-linux-cases.js';
import { BAD_RESOURCES } from './bad-resources-cases.js';
import { merge } from './cases.js';
import { GOOD } from './good-cases.js';

const read = (more: Readonly<Record<string, Json>> = {}): ReturnType<typeof parseConfig> =>
  parseConfig(formatJson(merge(minimalConfig(), more)), '/bundle');

const spec = (more: Readonly<Record<string, Json>>): Spec => read(more).spec;

describe('a config.json as an engine writes it', () => {
  test.each(ENGINE_CONFIGS)('%s is read without a warning', (name) => {
    const config = parseConfig(readFixture(name), '/bundle');
    expect(config.warnings).toEqual([]);
    expect(config.spec.annotations['dev.corral.engine']).toBe('true');
  });

  test.each(ENGINE_CONFIGS)('%s is the same when what was read is written and read again', (name) => {
    const first = parseConfig(readFixture(name), '/bundle').spec;
    const second = parseConfig(formatJson(first), '/elsewhere');
    expect(second.spec).toEqual(first);
    expect(second.warnings).toEqual([expect.stringContaining('/annotations/dev.corral.engine')]);
  });

  test('what docker leaves at zero is not asked for', () => {
    const { spec: given } = parseConfig(readFixture('docker-limits.json'), '/bundle');
    expect(given.linux.resources.cpu).toEqual({ quota: 50000, period: 100000 });
    expect(given.linux.resources.memory).toEqual({ limit: 67108864, swap: 134217728, disableOOMKiller: false });
    expect(given.linux.resources.pids).toEqual({ limit: 20 });
    expect(given.linux.resources.blockIO).toEqual({});
  });

  test('podman’s device has its permissions, without the type', () => {
    const { spec: given } = parseConfig(readFixture('podman-limits.json'), '/bundle');
    expect(given.linux.devices).toEqual([
      { type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o600, uid: 0, gid: 0 },
    ]);
    expect(given.linux.rootfsPropagation).toBe('slave');
  });
});

test('what is not said has its default', () => {
  expect(read()).toEqual({
    warnings: [],
    spec: {
      ociVersion: '1.3.0',
      root: { path: '/bundle/rootfs' },
      mounts: [],
      process: {
        args: ['sh'],
        env: [],
        cwd: '/',
        user: { uid: 0, gid: 0, additionalGids: [], umask: 0o022 },
        capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
        rlimits: [],
        noNewPrivileges: false,
      },
      linux: {
        namespaces: [],
        uidMappings: [],
        gidMappings: [],
        maskedPaths: [],
        readonlyPaths: [],
        sysctl: {},
        resources: {},
      },
      annotations: { 'dev.corral.engine': 'true' },
    },
  });
});

test('null and empty texts are as good as nothing', () => {
  const nothing = {
    hostname: '',
    domainname: null,
    mounts: null,
    hooks: null,
    annotations: null,
    process: { env: null, capabilities: null, rlimits: null, apparmorProfile: '', selinuxLabel: null, terminal: null },
    linux: { namespaces: null, cgroupsPath: '', mountLabel: '', seccomp: null, resources: null, intelRdt: null },
  };
  expect(read(nothing)).toEqual(read());
  expect(spec({ linux: null })).toEqual(spec({}));
});

test('what the runtime-spec does not know, and other platforms, are ignored', () => {
  const unknown = { freebsd: 1, solaris: [], windows: {}, vm: 'x', zos: null, what: { is: ['this'] } };
  expect(read({ ...unknown, linux: unknown, process: unknown })).toEqual(read());
});

test('corral’s own annotations are left out, but for the one that says that an engine wrote this', () => {
  const { spec: given, warnings } = read({
    annotations: { 'dev.corral.rootfs': 'host-overlay', 'dev.corral.engine': 'false', a: '' },
  });
  expect(given.annotations).toEqual({ 'dev.corral.engine': 'true', a: '' });
  expect(warnings).toHaveLength(2);
});

test('paths are relative to the bundle', () => {
  const given = spec({
    root: { path: 'a/../b', readonly: true },
    mounts: [
      { destination: 'x', source: 'data', options: ['rbind'] },
      { destination: '/y', source: '/data', type: 'none', options: ['bind', 'ro'] },
      { destination: '/z', type: 'bind', source: '.' },
      { destination: '/p', type: 'proc' },
      { destination: '/t', type: 'tmpfs', source: 'shm', options: ['size=1m'] },
    ],
  });
  expect(given.root).toEqual({ path: '/bundle/b', readonly: true });
  expect(given.mounts).toEqual([
    { destination: '/x', type: 'bind', source: '/bundle/data', options: ['rbind'] },
    { destination: '/y', type: 'bind', source: '/data', options: ['bind', 'ro'] },
    { destination: '/z', type: 'bind', source: '/bundle', options: [] },
    { destination: '/p', type: 'proc', source: 'proc', options: [] },
    { destination: '/t', type: 'tmpfs', source: 'shm', options: ['size=1m'] },
  ]);
});

describe('it warns of', () => {
  test.each<[string, Record<string, Json>, string]>([
    ['a relative destination', { mounts: [{ destination: 'p', type: 'proc' }] }, '/mounts/0: "p" is no absolute path'],
    [
      'a capability that Linux has not',
      { process: { capabilities: { bounding: ['CAP_KILL', 'CAP_FLY'] } } },
      '/process/capabilities/bounding: "CAP_FLY" is no capability of Linux, and is left out',
    ],
    ['a newer runtime-spec', { ociVersion: '1.4.0' }, '/ociVersion: what is new since 1.3.0 is ignored'],
    ['an annotation of corral’s own', { annotations: { 'dev.corral.nest': 'true' } }, '/annotations/dev.corral.nest:'],
  ])('%s', (_, more, warning) => {
    expect(read(more).warnings).toEqual([expect.stringContaining(warning)]);
  });

  test('and the capability is gone', () => {
    const { capabilities } = spec({ process: { capabilities: { bounding: ['CAP_KILL', 'cap_kill'] } } }).process;
    expect(capabilities.bounding).toEqual(['CAP_KILL']);
  });
});

describe('it reads', () => {
  test.each(GOOD.map(([name, given, expected = given]) => ({ name, given, expected })))(
    '$name',
    ({ given, expected }) => {
      expect(spec(given)).toMatchObject(expected);
    },
  );
});

describe('it refuses', () => {
  test.each([...BAD, ...BAD_LINUX, ...BAD_RESOURCES])('%s', (pointer, more, expected) => {
    let error: unknown;
    try {
      read(more);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ pointer, code: 'ERR_CONFIG' });
    expect((error as ConfigError).message).toContain(expected);
  });

  test.each(['[]', '1', '"x"', 'null', 'true'])('%s instead of an object', (text) => {
    expect(() => parseConfig(text, '/')).toThrow(`JSON: ${text} is not an object`);
  });
});
