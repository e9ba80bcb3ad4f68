import { describe, expect, test } from 'vitest';
import { describeFeatures } from '../../../src/oci/features.js';
import { parseConfig } from '../../../src/spec/config/config.js';
import type { Json } from '../../../src/spec/config/json.js';
import { formatJson, minimalConfig } from '../../helpers/configs.js';

interface Features {
  readonly ociVersionMin: string;
  readonly ociVersionMax: string;
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly capabilities: readonly string[];
    readonly seccomp: Readonly<Record<'actions' | 'operators' | 'archs' | 'knownFlags' | 'supportedFlags', string[]>>;
    readonly memoryPolicy: { readonly modes: readonly string[]; readonly flags: readonly string[] };
    readonly intelRdt: { readonly enabled: boolean };
  };
}

const features = JSON.parse(JSON.stringify(describeFeatures('1.2.3'))) as Features;
const { linux } = features;

const read = (more: Readonly<Record<string, Json>>): ReturnType<typeof parseConfig> =>
  parseConfig(formatJson(minimalConfig(more)), '/');

const accepts = (more: Readonly<Record<string, Json>>): void => {
  expect(read(more).warnings).toEqual([]);
};

const seccomp = (fields: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> => ({
  linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', ...fields } },
});

describe('what is in the features document is read in a config.json', () => {
  test.each([features.ociVersionMin, features.ociVersionMax])('ociVersion %s', (ociVersion) => accepts({ ociVersion }));

  test.each(features.hooks)('hook %s', (name) => {
    const hooks = { [name]: [{ path: '/bin/true' }] };
    expect(read({ hooks }).spec.hooks).toEqual(hooks);
  });

  test.each(linux.namespaces)('namespace %s', (type) => accepts({ linux: { namespaces: [{ type }] } }));

  test.each(linux.capabilities)('%s', (name) => {
    accepts({ process: { args: ['sh'], cwd: '/', capabilities: { bounding: [name] } } });
  });

  test.each(linux.seccomp.actions)('%s', (action) => accepts(seccomp({ syscalls: [{ names: ['read'], action }] })));

  test.each(linux.seccomp.operators)('%s', (op) => {
    accepts(seccomp({ syscalls: [{ names: ['a'], action: 'SCMP_ACT_LOG', args: [{ index: 0, value: 1, op }] }] }));
  });

  test.each(linux.seccomp.archs)('%s', (name) => accepts(seccomp({ architectures: [name] })));

  test.each([...linux.seccomp.knownFlags, ...linux.seccomp.supportedFlags])('%s', (name) => {
    accepts(seccomp({ flags: [name] }));
  });

  test.each(linux.memoryPolicy.modes)('%s', (mode) => {
    const nodes = /DEFAULT|LOCAL/.test(mode) ? '' : '0';
    accepts({ linux: { memoryPolicy: { mode, nodes, flags: [...linux.memoryPolicy.flags] } } });
  });

  test('and what is not is refused: intelRdt', () => {
    expect(linux.intelRdt.enabled).toBe(false);
    expect(() => read({ linux: { intelRdt: {} } })).toThrow('/linux/intelRdt');
  });
});

test('every list is sorted, or in the kernel’s order, and has nothing twice', () => {
  for (const list of [features.mountOptions, linux.namespaces, linux.seccomp.actions, linux.seccomp.archs]) {
    expect(list).toEqual([...new Set(list)].sort());
  }
  expect(new Set(linux.capabilities).size).toBe(linux.capabilities.length);
});

test('the mount options that the runtime-spec demands are there', () => {
  const must =
    'async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec ' +
    'noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime remount ro rprivate rshared rslave ' +
    'runbindable rw shared silent slave strictatime suid sync unbindable';
  expect(features.mountOptions).toEqual(expect.arrayContaining(must.split(' ')));
});

test('it is the same on every host, and tells the version', () => {
  expect(describeFeatures('1.2.3')).toEqual(describeFeatures('1.2.3'));
  expect(describeFeatures('1.2.3')).toMatchObject({ annotations: { 'dev.corral.version': '1.2.3' } });
});
