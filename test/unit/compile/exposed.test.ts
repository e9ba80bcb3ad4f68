import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compile/compile.js';
import type { HiddenPath, HostFacts } from '../../../src/host/facts.js';
import { describeStep } from '../../../src/plan/describe.js';
import type { LaunchPlan } from '../../../src/plan/types.js';
import type { ContainerOptions } from '../../../src/spec/options.js';
import { hostFacts, mount, plainFacts, specOf } from '../../helpers/facts.js';

/** The plan of a container started in `cwd`. */
const plan = (cwd: string, facts: HostFacts, options: ContainerOptions = {}): LaunchPlan =>
  compile('web', specOf(options, { cwd }), facts);
const lines = (...args: Parameters<typeof plan>): readonly string[] => plan(...args).steps.map(describeStep);
const overlays = (...args: Parameters<typeof plan>): readonly string[] =>
  lines(...args).filter((line) => line.startsWith('mount overlay on /'));

const directory = (...paths: readonly string[]): HostFacts =>
  hostFacts({ kinds: Object.fromEntries(paths.map((path) => [path, 'directory' as const])) });

describe('the working directory', () => {
  test.each(['/root', '/root/project', '/home/ann', '/home/ann/project', '/tmp/x', '/run/x', '/dev/shm/x'])(
    '%s, which the container would not show, gets an overlay of its own',
    (cwd) => {
      expect(overlays(cwd, directory(cwd))).toEqual([`mount overlay on ${cwd}`]);
      expect(lines(cwd, directory(cwd))).toContain(`change directory to ${cwd}`);
    },
  );

  test.each(['/', '/srv/app', '/tmp', '/run', '/home', '/dev', '/rootless', '/tmpfiles'])(
    '%s is there already, or the container’s own',
    (cwd) => {
      expect(overlays(cwd, directory(cwd))).toEqual([]);
    },
  );

  test('in a directory that only its owner may enter is shown', () => {
    const hidden: readonly HiddenPath[] = [{ path: '/srv/private', kind: 'directory', mode: 0o700 }];
    expect(overlays('/srv/private/x', { ...directory('/srv/private/x'), hidden })).toHaveLength(1);
    expect(overlays('/srv/private', { ...directory('/srv/private'), hidden })).toEqual([]);
  });

  test('that does not exist is not shown', () => {
    expect(overlays('/root/gone', hostFacts())).toEqual([]);
  });

  test('lies on the default mounts, whose /tmp would cover it, and below what was mounted on purpose', () => {
    const all = lines('/tmp/x', directory('/tmp/x'), { volumes: ['/data:/tmp/x/deep'] });
    const order = ['mount tmpfs on /tmp', 'mount overlay on /tmp/x'].map((line) => all.lastIndexOf(line));
    const volume = all.findIndex((line) => line.endsWith('to /tmp/x/deep'));
    expect([...order, volume]).toEqual([...order, volume].sort((a, b) => a - b));
    expect(Math.min(...order, volume)).toBeGreaterThanOrEqual(0);
  });

  test('gives way to a volume in its place', () => {
    const all = lines('/tmp/x', directory('/tmp/x'), { volumes: ['/data:/tmp/x'] });
    expect(all).not.toContain('mount overlay on /tmp/x');
    expect(all.filter((line) => /^attach .* to \/tmp\/x$/.test(line))).toHaveLength(1);
  });

  test('of the caller is no matter to a root filesystem of one’s own', () => {
    expect(lines('/root/x', directory('/root/x'), { rootfs: '/image' }).join('\n')).not.toContain('/root/x');
  });

  test('that is a home keeps its dot files hidden, but for those that are exposed', () => {
    const hidden: readonly HiddenPath[] = [
      { path: '/root/.ssh', kind: 'directory', mode: 0o700 },
      { path: '/root/.netrc', kind: 'file', mode: 0o600 },
      { path: '/etc/shadow', kind: 'file', mode: 0o600 },
    ];
    const facts = { ...directory('/root'), hidden };
    const hides = (options: ContainerOptions): readonly string[] =>
      lines('/root', facts, options).filter((line) => line.includes('expose') && line.includes('.cover/'));
    expect(hides({})).toEqual([
      'make directory stage:layer.expose.0.cover/.ssh',
      'make file stage:layer.expose.0.cover/.netrc',
    ]);
    expect(hides({ expose: ['/root/.netrc'] })).toEqual(['make directory stage:layer.expose.0.cover/.ssh']);
    expect(hides({ expose: ['/root'] })).toEqual([]);
  });
});

describe('what is exposed', () => {
  const file = hostFacts({ kinds: { '/root/.netrc': 'file', '/work': 'directory' } });

  test('is bound read-only when it is a file', () => {
    const { fds, steps } = plan('/work', file, { expose: ['/root/.netrc'] });
    expect(fds).toContainEqual({ slot: 'expose.0', kind: 'tree', path: '/root/.netrc', recursive: false, idmap: true });
    expect(steps).toContainEqual({
      op: 'attach-mount',
      tree: 'expose.0',
      root: 'root',
      target: '/root/.netrc',
      attributes: 1 | 2 | 4,
      recursive: 1,
      create: 1,
    });
  });

  test('is a read-only layer below a throw-away one when it is a directory', () => {
    const { steps } = plan('/work', directory('/root/data'), { expose: ['/root/data'] });
    expect(steps).toContainEqual({
      op: 'attach-mount',
      tree: 'expose.0',
      root: 'stage',
      target: 'expose.0',
      attributes: 1 | 4,
      recursive: 0,
      create: 1,
    });
    expect(steps).toContainEqual(
      expect.objectContaining({
        op: 'mount',
        target: '/root/data',
        options: ['lowerdir=expose.0', 'upperdir=layer.expose.0.upper', 'workdir=layer.expose.0.work', 'userxattr'],
      }),
    );
  });

  test('keeps the host’s marks where there is no user namespace', () => {
    const { steps, fds } = plan('/work', directory('/root/data'), { expose: ['/root/data'], userns: 'host' });
    expect(fds).toContainEqual(expect.objectContaining({ slot: 'expose.0', idmap: false }));
    expect(steps).toContainEqual(
      expect.objectContaining({ target: '/root/data', options: expect.not.arrayContaining(['userxattr']) as unknown }),
    );
  });

  test('has a slot each, the working directory among them, and no path twice', () => {
    const facts = directory('/root/a', '/root/b');
    const { fds } = plan('/root/a', facts, { expose: ['/root/b', '/root/a'] });
    expect(fds.filter(({ slot }) => slot.startsWith('expose')).map(({ slot }) => slot)).toEqual([
      'expose.0',
      'expose.1',
    ]);
  });

  test('and cannot be idmapped belongs to nobody, with a note', () => {
    const mounts = [mount('/', 'ext4'), mount('/root/nfs', 'nfs')];
    const { notes, fds } = plan('/work', { ...directory('/root/nfs'), mounts }, { expose: ['/root/nfs'] });
    expect(notes).toContain('files of /root/nfs belong to nobody: /root/nfs is on nfs, which cannot be idmapped here');
    expect(fds).toContainEqual(expect.objectContaining({ slot: 'expose.0', idmap: false }));
  });

  test('is opened by corral-init for a user without privileges', () => {
    const facts = plainFacts({ kinds: { '/home/ann/x': 'directory' } });
    expect(plan('/home/ann/x', facts).steps).toContainEqual({
      op: 'open-tree',
      path: '/home/ann/x',
      flags: 0,
      tree: 'expose.0',
    });
    expect(overlays('/home/ann/x', facts)).toContain('mount overlay on /home/ann/x');
  });

  test('is bound whole and read-only for a user where other file systems are mounted below', () => {
    const mounts = [mount('/', 'ext4'), mount('/home/ann/x/disk', 'ext4')];
    const facts = plainFacts({ kinds: { '/home/ann/x': 'directory' }, mounts });
    expect(plan('/home/ann/x', facts).steps).toContainEqual({
      op: 'open-tree',
      path: '/home/ann/x',
      flags: 0x8000,
      tree: 'expose.0',
    });
    expect(overlays('/home/ann/x', facts)).not.toContain('mount overlay on /home/ann/x');
    expect(lines('/home/ann/x', facts)).toContain('attach expose.0 to /home/ann/x');
  });
});
