import { describe, expect, test } from 'vitest';
import { fillsDev } from '../../../../src/compile/engine/devices.js';
import { formatPlan } from '../../../../src/plan/format.js';
import type { LaunchPlan } from '../../../../src/plan/types.js';
import { CGROUP, DEV, MAPS, USER, type Wish, bindOf, planOf, stepsOf } from '../../../helpers/engine-plan.js';
import { HYBRID, NO_CGROUP, hostFacts } from '../../../helpers/facts.js';

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
      stepsOf(wish, 'make-device').map((step) => (step as { readonly tree?: string }).tree);
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

  test('takes nothing of the host’s own options away, where the namespace may be the host’s', () => {
    const facts = hostFacts({});
    const { layout } = facts.cgroup;
    const v2 = { mount: '/sys/fs/cgroup', root: '/', readonly: false, options: ['nsdelegate', 'memory_recursiveprot'] };
    const cgroup = { ...facts.cgroup, layout: { ...layout, v2: { ...layout.v2, ...v2 } } };
    const joined = [...host, { type: 'cgroup', path: '/proc/1/ns/cgroup' }] as const;
    const kept = /cgroup2 as mount\.0 {2}\[cgroup rdonly,nosuid nsdelegate,memory_recursiveprot\]/;
    const seen = { facts: { ...facts, cgroup } };
    expect(text({ ...seen, namespaces: joined })).toMatch(kept);
    // By that name, it is what it says: a new one.
    const named = { ...seen, mounts: [{ ...CGROUP, type: 'cgroup2' }] };
    expect(text({ ...named, namespaces: host })).toMatch(kept);
    expect(text({ ...named, namespaces: joined })).toMatch(kept);
    expect(text({ ...named })).not.toContain('nsdelegate');
    const again = { ...CGROUP, type: 'cgroup2', options: ['remount', 'ro'] };
    expect(text({ ...seen, namespaces: joined, mounts: [CGROUP, again] })).toMatch(/remount .*nsdelegate/);
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
    // A hierarchy that the container is not in, since it may not be written.
    const unwritten = { ...HYBRID, v1Base: [], v1Top: [] };
    expect(refused({ facts: hostFacts({ cgroup: unwritten }), namespaces: host })).toThrow(
      '/sys/fs/cgroup/memory is not seen here',
    );
  });
});
