import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import type { HiddenPath, HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

const plan = (facts: HostFacts, options: ContainerOptions = {}): LaunchPlan => compile('web', specOf(options), facts);
const lines = (...args: Parameters<typeof plan>): readonly string[] => plan(...args).steps.map(describeStep);
const trees = (...args: Parameters<typeof plan>): readonly string[] =>
  plan(...args).fds.flatMap((fd) => (fd.kind === 'tree' ? [fd.path] : []));

const SHADOW: HiddenPath = { path: '/etc/shadow', kind: 'file', mode: 0o640 };
const KEYS: HiddenPath = { path: '/etc/ssl/private', kind: 'directory', mode: 0o710 };
const ROOT = mount('/', 'ext4');

describe('root’s view of the host', () => {
  test('is one overlay for / and one for each real file system below, none for what the kernel makes up', () => {
    const facts = hostFacts({
      mounts: [ROOT, mount('/proc', 'proc'), mount('/srv', 'xfs'), mount('/srv/deep', 'btrfs'), mount('/mnt', 'tmpfs')],
    });
    expect(trees(facts)).toEqual(['/', '/srv', '/srv/deep']);
    expect(lines(facts).filter((line) => line.startsWith('mount overlay'))).toEqual([
      'mount overlay on stage:root',
      'mount overlay on /srv',
      'mount overlay on /srv/deep',
    ]);
  });

  test.each(['/proc/x', '/sys/x', '/dev/x', '/run/x', '/tmp/x', '/root', '/root/data', '/home/ann', '/secret/data'])(
    'leaves out a disk at %s, which is the container’s own or hidden',
    (target) => {
      const hidden: readonly HiddenPath[] = [{ path: '/secret', kind: 'directory', mode: 0o700 }];
      expect(trees(hostFacts({ mounts: [ROOT, mount(target, 'ext4')], hidden }))).not.toContain(target);
    },
  );

  test('shows a hidden disk that is exposed', () => {
    const facts = hostFacts({ mounts: [ROOT, mount('/home', 'ext4')], kinds: { '/home': 'directory' } });
    expect(trees(facts)).toEqual(['/']);
    expect(trees(facts, { expose: ['/home'] })).toEqual(['/', '/home']);
  });

  test('binds a file that something is mounted on, which no overlay could take', () => {
    const hosts = { ...mount('/etc/hosts', 'ext4'), isFile: true };
    const facts = hostFacts({ mounts: [ROOT, hosts] });
    expect(trees(facts)).toEqual(['/', '/etc/hosts']);
    expect(lines(facts)).toContain('attach host/etc/hosts to /etc/hosts');
    expect(lines(facts)).not.toContain('mount overlay on /etc/hosts');
  });

  test('leaves out what the caller may not even reach, such as Docker’s own mounts', () => {
    const layer = { ...mount('/var/lib/docker/overlay2/x/merged', 'overlay'), unreachable: true as const };
    expect(trees(hostFacts({ mounts: [ROOT, layer] }))).toEqual(['/']);
    expect(trees(hostFacts({ mounts: [ROOT, mount('/srv', 'ext4')] }))).toHaveLength(2);
  });

  test('shows of several mounts on one directory the last', () => {
    expect(trees(hostFacts({ mounts: [ROOT, mount('/srv', 'ext4'), mount('/srv', 'tmpfs')] }))).toEqual(['/']);
    expect(trees(hostFacts({ mounts: [ROOT, mount('/srv', 'tmpfs'), mount('/srv', 'ext4')] }))).toEqual(['/', '/srv']);
  });

  test('notes what cannot be idmapped', () => {
    const facts = hostFacts({ mounts: [ROOT, mount('/srv', 'nfs')] });
    expect(plan(facts).notes).toEqual([
      'files of /srv belong to nobody: /srv is on nfs, which cannot be idmapped here',
    ]);
    expect(plan(facts).fds).toContainEqual({
      slot: 'host/srv',
      kind: 'tree',
      path: '/srv',
      recursive: false,
      idmap: false,
    });
    expect(plan(facts, { userns: 'host' }).notes).toEqual([]);
  });
});

describe('what is hidden', () => {
  const facts = hostFacts({ hidden: [SHADOW, KEYS, { path: '/root/.ssh', kind: 'directory', mode: 0o700 }] });

  test('is covered: homes and directories by whiteouts, files by empty ones', () => {
    const all = lines(facts);
    expect(all).toEqual(
      expect.arrayContaining([
        'make directory stage:layer.0.cover/root',
        'make directory stage:layer.0.cover/home',
        'make file stage:layer.0.cover/etc/shadow',
        'make directory stage:layer.0.cover/etc/ssl/private',
        'make node stage:layer.0.hide/root',
        'make node stage:layer.0.hide/etc/ssl/private',
      ]),
    );
    expect(all).not.toContain('make node stage:layer.0.hide/etc/shadow');
  });

  test('inside something hidden needs no cover of its own', () => {
    expect(lines(facts).join('\n')).not.toContain('.ssh');
  });

  test('keeps its mode: /root stays closed, /home open', () => {
    expect(plan(facts).steps).toEqual(
      expect.arrayContaining([
        { op: 'make-directory', root: 'stage', path: 'layer.0.cover/root', mode: 0o700 },
        { op: 'make-directory', root: 'stage', path: 'layer.0.cover/home', mode: 0o755 },
      ]),
    );
  });

  test.each([
    ['/etc/shadow', 'make file stage:layer.0.cover/etc/shadow'],
    ['/etc', 'make node stage:layer.0.hide/etc/ssl/private'],
    ['/root', 'make node stage:layer.0.hide/root'],
  ])('is shown again by expose %s', (path, line) => {
    expect(lines(facts)).toContain(line);
    expect(lines(facts, { expose: [path] })).not.toContain(line);
  });

  test('lies in the layer of the file system that it is on', () => {
    const mounted = hostFacts({ mounts: [ROOT, mount('/etc', 'ext4')], hidden: [SHADOW] });
    expect(lines(mounted)).toContain('make file stage:layer.1.cover/shadow');
    expect(lines(mounted)).not.toContain('make file stage:layer.0.cover/etc/shadow');
  });
});

describe('files of the container’s own', () => {
  const contents = (facts: HostFacts, options: ContainerOptions): Readonly<Record<string, string>> =>
    Object.fromEntries(
      plan(facts, options).steps.flatMap((step) =>
        step.op === 'make-file' && step.content !== '' ? [[step.path, step.content]] : [],
      ),
    );

  test('name it', () => {
    expect(contents(hostFacts(), { hostname: 'db' })).toEqual({
      'layer.0.cover/etc/hostname': 'db\n',
      'layer.0.cover/etc/hosts': '127.0.0.1\tlocalhost db\n::1\tlocalhost ip6-localhost ip6-loopback\n',
    });
    expect(contents(hostFacts(), { uts: 'host' })).toEqual({});
  });

  test('resolve names where the host’s file lies in /run, and the network is the host’s', () => {
    const facts = hostFacts({ resolvConf: 'nameserver 127.0.0.53\n' });
    expect(contents(facts, { uts: 'host', net: 'host' })).toEqual({
      'layer.0.cover/etc/resolv.conf': 'nameserver 127.0.0.53\n',
    });
    expect(contents(facts, { uts: 'host' })).toEqual({});
    expect(contents(hostFacts(), { uts: 'host', net: 'host' })).toEqual({});
  });

  test('lie in the layer of /etc in a plan without privileges', () => {
    expect(Object.keys(contents(plainFacts(), {}))).toEqual(['layer.etc.cover/hostname', 'layer.etc.cover/hosts']);
  });
});

describe('a user’s view of the host', () => {
  test('is a tmpfs with one overlay for each directory of /, links as they are, and empty homes', () => {
    const all = lines(plainFacts());
    expect(all).toEqual(
      expect.arrayContaining([
        'mount tmpfs on stage:root',
        'make symlink /bin to usr/bin',
        'mount overlay on /etc',
        'mount overlay on /usr',
        'make directory /home',
      ]),
    );
    expect(all).not.toContain('mount overlay on /home');
    expect(all.join('\n')).not.toContain('swapfile');
    expect(plan(plainFacts()).notes.join()).not.toContain('read-only');
  });

  test('takes a link without a target as it is', () => {
    expect(lines(plainFacts({ rootEntries: [{ name: 'lib', kind: 'symlink' }] }))).toContain('make symlink /lib to ');
  });

  test('binds what has mounts below it read-only, with a note, and lays what is mounted there over it', () => {
    const facts = plainFacts({ mounts: [ROOT, mount('/usr/share', 'xfs'), mount('/usr/proc', 'proc')] });
    const { steps, notes } = plan(facts);
    expect(steps).toContainEqual({ op: 'open-tree', path: '/usr', flags: 0x8000, tree: 'host/usr' });
    expect(steps).toContainEqual(
      expect.objectContaining({ op: 'attach-mount', tree: 'host/usr', attributes: 7, recursive: 1 }),
    );
    expect(steps.map(describeStep)).toContain('mount overlay on /usr/share');
    expect(steps.map(describeStep)).not.toContain('mount overlay on /usr/proc');
    expect(notes).toContain('/usr is read-only: other file systems are mounted below it');
  });

  test('shows a home of / that is exposed', () => {
    expect(lines(plainFacts(), { expose: ['/home'] })).toContain('mount overlay on /home');
    expect(lines(plainFacts(), { expose: ['/home'] })).not.toContain('make directory /home');
  });
});

describe('a root filesystem of one’s own', () => {
  test('is cloned by root and idmapped, opened by anybody else', () => {
    expect(plan(hostFacts(), { rootfs: '/image' }).fds).toContainEqual({
      slot: 'rootfs',
      kind: 'tree',
      path: '/image',
      recursive: true,
      idmap: true,
    });
    expect(lines(plainFacts(), { rootfs: '/image' })).toContain('open tree /image');
  });

  test('keeps the host’s ids, with a note, where it cannot be idmapped', () => {
    const facts = hostFacts({ mounts: [mount('/', 'nfs')] });
    const { fds, notes } = plan(facts, { rootfs: '/image' });
    expect(fds).toContainEqual(expect.objectContaining({ slot: 'rootfs', idmap: false }));
    expect(notes).toEqual([expect.stringMatching(/^container ids are the host's own .*: \/ is on nfs/)]);
  });

  test('belongs to nobody where the spec’s ids cannot be mapped onto it', () => {
    const spec = specOf({ rootfs: '/image' });
    const maps = [{ containerID: 0, hostID: 5000, size: 10 }];
    const mapped = { ...spec, linux: { ...spec.linux, uidMappings: maps, gidMappings: maps } };
    expect(compile('web', mapped, hostFacts({ mounts: [mount('/', 'nfs')] })).notes).toEqual([
      'files of /image belong to nobody: / is on nfs, which cannot be idmapped here',
    ]);
  });

  test('hides nothing, and has no files made for it', () => {
    const all = lines(hostFacts({ hidden: [SHADOW] }), { rootfs: '/image' }).join('\n');
    expect(all).not.toContain('overlay');
    expect(all).not.toContain('shadow');
    expect(all).not.toContain('/etc/host');
  });
});
