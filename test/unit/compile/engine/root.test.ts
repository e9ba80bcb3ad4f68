import { describe, expect, test } from 'vitest';
import { compile } from '../../../../src/compile/compile.js';
import type { HostFacts } from '../../../../src/host/facts.js';
import { formatPlan } from '../../../../src/plan/format.js';
import { PROC, USER, type Wish, bindOf, engineSpec, planOf, stepsOf } from '../../../helpers/engine-plan.js';
import { hostFacts, mount, plainFacts } from '../../../helpers/facts.js';

describe('the root file system', () => {
  test('is the caller’s clone, a slave of the host’s, and is made read-only last', () => {
    const plan = planOf({ root: { path: '/rootfs', readonly: true } });
    expect(plan.fds).toContainEqual({ slot: 'rootfs', kind: 'tree', path: '/rootfs', recursive: true, idmap: false });
    const text = formatPlan(plan);
    expect(text).toMatch(/change rootfs: slave recursive\n.*place rootfs on \/rootfs\n/);
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
    expect(planOf(wish()).steps.slice(1, 3)).toEqual([
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
