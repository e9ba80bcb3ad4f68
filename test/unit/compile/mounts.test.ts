import { describe, expect, test } from 'vitest';
import type { Context, Part } from '../../../src/compile/context.js';
import { planIds } from '../../../src/compile/ids.js';
import { compileMount } from '../../../src/compile/mounts.js';
import type { HostFacts } from '../../../src/host/facts.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import type { Mount } from '../../../src/spec/types.js';
import { NO_CGROUP, hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

function contextOf(options: ContainerOptions, facts: HostFacts): Context {
  const spec = specOf(options);
  return { id: 'web', spec, facts, ids: planIds('web', spec, facts) };
}

function compileOne(destination: string, options: ContainerOptions = {}, facts = hostFacts()): Part {
  const context = contextOf(options, facts);
  const index = context.spec.mounts.findIndex((one) => one.destination === destination);
  return compileMount(context, context.spec.mounts[index]!, index);
}

describe('what shows a namespace', () => {
  const MOUNTED = {
    mounts: [mount('/', 'ext4'), mount('/dev/mqueue', 'mqueue'), mount('/proc', 'proc'), mount('/sys', 'sysfs')],
  };

  test.each<[string, string, ContainerOptions]>([
    ['/proc', 'proc', { pid: 'host' }],
    ['/sys', 'sysfs', { net: 'host' }],
    ['/dev/mqueue', 'mqueue', { ipc: 'host' }],
  ])('%s is new with a namespace of one’s own, the host’s otherwise', (path, type, shared) => {
    expect(compileOne(path).steps).toMatchObject([{ op: 'mount', type, target: path, create: 1 }]);
    const { open, steps } = compileOne(path, shared, hostFacts(MOUNTED));
    expect(open).toEqual([{ op: 'open-tree', path, flags: 0x8000, tree: `host${path}` }]);
    expect(steps).toMatchObject([{ op: 'attach-mount', tree: `host${path}`, target: path, recursive: 1 }]);
  });

  test.each(['/proc', '/sys', '/dev/mqueue'])('%s is new for whoever owns the host’s namespaces', (path) => {
    const shared: ContainerOptions = { pid: 'host', net: 'host', ipc: 'host', userns: 'host' };
    expect(compileOne(path, shared, hostFacts(MOUNTED)).steps).toMatchObject([{ op: 'mount' }]);
  });

  test('/dev/mqueue is left out where the host has none to show', () => {
    expect(compileOne('/dev/mqueue', { ipc: 'host' })).toEqual({ steps: [] });
  });

  test('/dev/shm goes with the ipc namespace', () => {
    expect(compileOne('/dev/shm').steps).toMatchObject([{ op: 'mount', type: 'tmpfs' }]);
    expect(compileOne('/dev/shm', { ipc: 'host' }).open).toMatchObject([{ op: 'open-tree', path: '/dev/shm' }]);
  });
});

describe('devpts', () => {
  const ptsOptions = (options: ContainerOptions, facts: HostFacts): unknown =>
    compileOne('/dev/pts', options, facts).steps.flatMap((step) => (step.op === 'mount' ? step.options : []));

  test('gives terminals to the group tty where the container has one', () => {
    expect(ptsOptions({}, hostFacts())).toContain('gid=5');
    expect(ptsOptions({ userns: 'host' }, plainFacts())).toContain('gid=5');
    expect(ptsOptions({}, plainFacts())).not.toContain('gid=5');
  });
});

describe('the cgroup mount', () => {
  test('is a new one with a cgroup namespace', () => {
    expect(compileOne('/sys/fs/cgroup').steps).toMatchObject([
      { op: 'mount', type: 'cgroup2', source: 'cgroup2', options: [] },
    ]);
  });

  test('is the host’s, read-only, without: a new one would replace the options of the host’s own', () => {
    for (const options of [{ cgroupns: 'host' }, { cgroupns: 'host', userns: 'host' }] as const) {
      const { open, steps } = compileOne('/sys/fs/cgroup', options);
      expect(open).toMatchObject([{ op: 'open-tree', path: '/sys/fs/cgroup', flags: 0x8000 }]);
      expect(steps).toMatchObject([{ op: 'attach-mount', target: '/sys/fs/cgroup', attributes: 1 }]);
    }
  });

  test('is left out, with a note, on a host without cgroup v2', () => {
    expect(compileOne('/sys/fs/cgroup', {}, hostFacts({ cgroup: NO_CGROUP }))).toEqual({
      steps: [],
      notes: ['/sys/fs/cgroup is left as it is: this host has no cgroup v2'],
    });
  });
});

describe('a volume', () => {
  const options: ContainerOptions = { volumes: ['/srv/data:/data:ro'] };

  test('of root is a clone that the parent makes and idmaps', () => {
    const { fds, open, steps, notes } = compileOne('/data', options);
    const { slot } = fds![0]!;
    expect(fds).toEqual([{ slot, kind: 'tree', path: '/srv/data', recursive: true, idmap: true }]);
    expect(open).toBeUndefined();
    expect(notes).toEqual([]);
    expect(steps).toEqual([
      { op: 'attach-mount', tree: slot, root: 'root', target: '/data', attributes: 1 | 2 | 4, recursive: 1, create: 1 },
    ]);
  });

  test('is not idmapped, with a note, where its file system cannot be', () => {
    const facts = hostFacts({ mounts: [mount('/', 'ext4'), mount('/srv', 'nfs')] });
    expect(compileOne('/data', options, facts)).toMatchObject({
      fds: [{ idmap: false }],
      notes: ['files of /srv/data belong to nobody: /srv is on nfs, which cannot be idmapped here'],
    });
  });

  test('needs no idmap where ids are the host’s own', () => {
    const facts = hostFacts({ mounts: [mount('/', 'overlay')] });
    expect(compileOne('/data', options, facts)).toMatchObject({ fds: [{ idmap: false }], notes: [] });
  });

  test('of anybody else is opened by corral-init, before the stage covers /tmp', () => {
    const { fds, open } = compileOne('/data', options, plainFacts());
    expect(fds).toBeUndefined();
    expect(open).toMatchObject([{ op: 'open-tree', path: '/srv/data', flags: 0x8000 }]);
  });

  test('of a spec may be without its submounts', () => {
    const one: Mount = { destination: '/d', type: 'bind', source: '/s', options: ['bind'] };
    expect(compileMount(contextOf({}, plainFacts()), one, 0)).toMatchObject({
      open: [{ flags: 0 }],
      steps: [{ recursive: 0, attributes: 4 }],
    });
    expect(compileMount(contextOf({}, hostFacts()), one, 0).fds).toMatchObject([{ recursive: false }]);
  });
});

test('a tmpfs hands its size to the file system, and its restrictions to the mount', () => {
  expect(compileOne('/t', { tmpfs: ['/t:size=1k,exec'] }).steps).toEqual([
    {
      op: 'mount',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['mode=1777', 'size=1024'],
      root: 'root',
      target: '/t',
      attributes: 2 | 4,
      create: 1,
    },
  ]);
});
