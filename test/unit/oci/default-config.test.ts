import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../../src/oci/default-config.js';
import { type Config, parseConfig } from '../../../src/spec/config/config.js';

const read = (config: object): Config => parseConfig(JSON.stringify(config), '/bundle');

describe('the config.json that spec writes', () => {
  test('is read without a warning, and asks for a shell on a terminal in namespaces of its own', () => {
    const { spec, warnings } = read(defaultConfig());
    expect(warnings).toEqual([]);
    expect(spec.process).toMatchObject({ terminal: true, args: ['sh'], cwd: '/', noNewPrivileges: true });
    expect(spec.root).toEqual({ path: '/bundle/rootfs', readonly: true });
    expect(spec.linux.namespaces.map(({ type }) => type)).toEqual(['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup']);
    expect(spec.linux.resources.devices).toEqual([{ allow: false, access: 'rwm' }]);
    expect(spec.mounts.find(({ type }) => type === 'devpts')?.options).toContain('gid=5');
    expect(spec.linux.maskedPaths).toContain('/proc/kcore');
  });

  test('without root has one user, the caller, and neither network, device rules nor a group of terminals', () => {
    const { spec, warnings } = read(defaultConfig({ uid: 1000, gid: 100 }));
    expect(warnings).toEqual([]);
    expect(spec.linux.namespaces.map(({ type }) => type)).toEqual(['pid', 'user', 'ipc', 'uts', 'mount', 'cgroup']);
    expect(spec.linux.uidMappings).toEqual([{ containerID: 0, hostID: 1000, size: 1 }]);
    expect(spec.linux.gidMappings).toEqual([{ containerID: 0, hostID: 100, size: 1 }]);
    expect(spec.linux.resources).toEqual({});
    expect(spec.mounts.flatMap(({ options }) => options)).not.toContain('gid=5');
    expect(spec.mounts.find(({ destination }) => destination === '/sys')).toMatchObject({
      type: 'bind',
      source: '/sys',
    });
  });
});
