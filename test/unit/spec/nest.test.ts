import { describe, expect, test } from 'vitest';
import { ANNOTATIONS, nests } from '../../../src/spec/annotations.js';
import { specOf } from '../../helpers/facts.js';

describe('a container that holds others', () => {
  const spec = specOf({ nest: true });

  test('has a whole /proc and /sys, since a new one inside must show no more than they do', () => {
    expect(spec.linux).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
    expect(nests(spec)).toBe(true);
    expect(nests(specOf())).toBe(false);
  });

  test('can write its cgroup file system, and that alone is different about its mounts', () => {
    const options = (nest: boolean) =>
      new Map(specOf({ nest }).mounts.map((mount) => [mount.destination, mount.options]));
    expect(options(true).get('/sys/fs/cgroup')).toEqual(['nosuid', 'noexec', 'nodev']);
    const others = (nest: boolean) => [...options(nest)].filter(([path]) => path !== '/sys/fs/cgroup');
    expect(others(true)).toEqual(others(false));
  });

  test('has what a runtime needs over its own namespaces, unless it is taken away', () => {
    expect(spec.process.capabilities.effective).toEqual(expect.arrayContaining(['CAP_SYS_ADMIN', 'CAP_NET_ADMIN']));
    const less = specOf({ nest: true, capDrop: ['NET_ADMIN'] });
    expect(less.process.capabilities.bounding).not.toContain('CAP_NET_ADMIN');
    expect(spec.process.noNewPrivileges).toBe(false);
    expect(specOf({ nest: true, noNewPrivileges: true }).process.noNewPrivileges).toBe(true);
  });

  test('sees corral itself, wherever that lies; with a root filesystem of its own it brings one', () => {
    const exposed = JSON.parse(
      specOf({ nest: true, expose: ['/root/.ssh'] }).annotations[ANNOTATIONS.expose]!,
    ) as string[];
    expect(exposed).toEqual(['/usr/bin/node', '/usr/lib/node_modules/corral', '/root/.ssh']);
    expect(specOf({ nest: true, rootfs: '/image' }).annotations).not.toHaveProperty(ANNOTATIONS.expose);
  });

  test.each([
    [{ userns: 'host' }, 'userns: "host" is not private with nest'],
    [{ cgroupns: 'host' }, 'cgroupns: "host" is not private with nest'],
    [{ isolation: 'cgroup' }, "nest: true is not possible with isolation 'cgroup'"],
  ] as const)('is refused with %j', (options, message) => {
    expect(() => specOf({ nest: true, ...options })).toThrow(message);
  });
});
