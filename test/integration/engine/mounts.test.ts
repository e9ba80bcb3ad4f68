import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors/config-error.js';
import type { Mount } from '../../../src/spec/types.js';
import {
  DEV,
  DEVPTS,
  PROC,
  SHIFTED,
  SYS,
  bindOf,
  engineSpec,
  makeRootfs,
  mountOf,
  runEngineSpec,
  systemMounts,
} from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const ORDINARY = [PROC, DEV, DEVPTS, SYS];

interface Line {
  readonly point: string;
  readonly options: readonly string[];
  readonly tags: readonly string[];
  readonly type: string;
  readonly superOptions: readonly string[];
}

/** What /proc/self/mountinfo says of the mount on `point`, seen from inside. */
async function lineOf(
  mounts: readonly Mount[],
  point: string,
  more: Parameters<typeof engineSpec>[1] = {},
): Promise<Line> {
  const spec = engineSpec(lab, { ...more, script: 'cat /proc/self/mountinfo', mounts: [...ORDINARY, ...mounts] });
  const { stdout, stderr } = await runEngineSpec(lab, spec);
  const line = parse(stdout).findLast((one) => one.point === point);
  if (line === undefined) throw new Error(`nothing on ${point}: ${stdout}${stderr}`);
  return line;
}

function parse(mountinfo: string): readonly Line[] {
  return mountinfo
    .trim()
    .split('\n')
    .map((text) => {
      const fields = text.split(' ');
      const dash = fields.indexOf('-');
      return {
        point: fields[4] ?? '',
        options: (fields[5] ?? '').split(','),
        tags: fields.slice(6, dash).map((tag) => tag.replace(/:.*/, '')),
        type: fields[dash + 1] ?? '',
        superOptions: (fields[dash + 3] ?? '').split(','),
      };
    });
}

/** A tmpfs of the host with another one in it, for the time of a test: the host's own mounts stay as they are. */
async function withHostMounts<T>(options: readonly string[], run: (directory: string) => Promise<T>): Promise<T> {
  const directory = lab.directory();
  execFileSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    ['mode=755', ...options.filter((word) => word !== 'shared')].join(','),
    'tmpfs',
    directory,
  ]);
  try {
    if (options.includes('shared')) execFileSync('mount', ['--make-shared', directory]);
    mkdirSync(join(directory, 'below'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(directory, 'below')]);
    return await run(directory);
  } finally {
    execFileSync('umount', ['-R', directory]);
  }
}

describe('the root file system', () => {
  it('is the directory itself, with its owners and devices', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    writeFileSync(join(rootfs, 'file'), 'text');
    const spec = engineSpec(lab, {
      rootfs,
      script: 'cat /file; echo new >/made; stat -c %u:%g /file; mknod /null c 1 3 && echo x >/null',
    });
    const result = await runEngineSpec(lab, spec);
    expect(result).toMatchObject({ stdout: 'text0:0\n', stderr: '', exitCode: 0 });
    expect(readFileSync(join(rootfs, 'made'), 'utf8')).toBe('new\n');
  });

  it('is read-only where that is asked for, and what is mounted in it is not', async (context) => {
    requires(context, { root: true });
    const scratch = mountOf('/scratch', 'tmpfs');
    const spec = engineSpec(lab, {
      readonly: true,
      mounts: [...ORDINARY, scratch],
      script: 'touch /scratch/a && touch /b',
    });
    expect(await runEngineSpec(lab, spec)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Read-only') as string,
    });
  });

  it.for([
    [undefined, ['master']],
    ['slave', ['master']],
    ['private', []],
    ['shared', ['shared']],
    ['unbindable', ['unbindable']],
  ] as const)('has the propagation %s', async ([rootfsPropagation, tags], context) => {
    requires(context, { root: true });
    await withHostMounts(['shared'], async (directory) => {
      const rootfs = join(directory, 'rootfs');
      execFileSync('cp', ['-a', makeRootfs(lab), rootfs]);
      const linux = rootfsPropagation === undefined ? {} : { rootfsPropagation };
      expect((await lineOf([], '/', { rootfs, linux })).tags).toEqual(tags);
    });
  });

  it('is shown as it is, below another root, where the mounts are the caller’s', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, { namespaces: ['pid', 'ipc'] });
    const inHost = {
      ...spec,
      root: { path: '/usr' },
      mounts: [],
      process: { ...spec.process, args: ['/bin/sh', '-c', 'echo /*'] },
    };
    expect((await runEngineSpec(lab, inHost)).stdout).toMatch(/^\/bin .*\/lib .*\/share/);
    const asIs = {
      ...inHost,
      root: { path: '/' },
      process: { ...spec.process, args: ['/bin/sh', '-c', 'cat /proc/self/mountinfo'] },
    };
    expect((await runEngineSpec(lab, asIs)).stdout).toBe(readFileSync('/proc/self/mountinfo', 'utf8'));
  });

  it.each([
    ['/mounts', (spec: ReturnType<typeof engineSpec>) => spec],
    [
      '/root/readonly',
      (spec: ReturnType<typeof engineSpec>) => ({ ...spec, mounts: [], root: { ...spec.root, readonly: true } }),
    ],
    [
      '/linux/maskedPaths',
      (spec: ReturnType<typeof engineSpec>) => ({
        ...spec,
        mounts: [],
        linux: { ...spec.linux, maskedPaths: ['/proc/kcore'] },
      }),
    ],
  ])('without a mount namespace %s is refused', async (pointer, change) => {
    const spec = change(engineSpec(lab, { namespaces: ['pid'] }));
    await expect(runEngineSpec(lab, spec)).rejects.toMatchObject({ name: 'ConfigError', pointer });
  });
});

describe('a bind mount', () => {
  it('has the attributes that are named, and the others of its source', async (context) => {
    requires(context, { root: true });
    await withHostMounts(['nosuid', 'noexec'], async (directory) => {
      const { options } = await lineOf(
        [bindOf(directory, '/data', ['rbind', 'rprivate', 'ro', 'nodev', 'noatime'])],
        '/data',
      );
      expect(options).toEqual(['ro', 'nosuid', 'nodev', 'noexec', 'noatime']);
      const { options: loose } = await lineOf(
        [bindOf(directory, '/data', ['rbind', 'suid', 'exec', 'strictatime'])],
        '/data',
      );
      expect(loose).toEqual(['rw']);
    });
  });

  it('is read-only with its submounts by rro, and alone by ro', async (context) => {
    requires(context, { root: true });
    await withHostMounts([], async (directory) => {
      const below = async (option: string): Promise<readonly string[]> =>
        (await lineOf([bindOf(directory, '/data', ['rbind', 'rprivate', option])], '/data/below')).options;
      expect(await below('rro')).toContain('ro');
      expect(await below('ro')).toContain('rw');
      await expect(lineOf([bindOf(directory, '/data', ['bind'])], '/data/below')).rejects.toThrow(
        'nothing on /data/below',
      );
    });
  });

  it('of a file is put on a file that is made for it', async (context) => {
    requires(context, { root: true });
    const file = join(lab.directory(), 'resolv.conf');
    writeFileSync(file, 'nameserver ::1\n');
    const rootfs = makeRootfs(lab);
    const spec = engineSpec(lab, {
      rootfs,
      mounts: [...ORDINARY, bindOf(file, '/etc/deep/resolv.conf', ['bind', 'ro'])],
      script: 'cat /etc/deep/resolv.conf; echo >/etc/deep/resolv.conf',
    });
    const result = await runEngineSpec(lab, spec);
    expect(result.stdout).toBe('nameserver ::1\n');
    expect(result.stderr).toContain('Read-only');
    expect(statSync(join(rootfs, 'etc/deep/resolv.conf'))).toMatchObject({ size: 0 });
  });

  it.for([
    ['rprivate', []],
    ['rslave', ['master']],
    ['rshared', ['shared', 'master']],
    ['rbind', ['master']],
    ['unbindable', ['unbindable']],
  ] as const)('with %s has that propagation', async ([option, tags], context) => {
    requires(context, { root: true });
    await withHostMounts(['shared'], async (directory) => {
      expect((await lineOf([bindOf(directory, '/data', ['rbind', option])], '/data')).tags).toEqual(tags);
    });
  });

  it('hands on to the host what is mounted in it where both it and the root are shared, and not otherwise', async (context) => {
    requires(context, { root: true });
    await withHostMounts(['shared'], async (directory) => {
      mkdirSync(join(directory, 'new'));
      const script = 'mount -t tmpfs tmpfs /data/new && touch /data/new/seen';
      const capabilities = {
        bounding: ['CAP_SYS_ADMIN'],
        effective: ['CAP_SYS_ADMIN'],
        permitted: ['CAP_SYS_ADMIN'],
        inheritable: [],
        ambient: [],
      };
      const attempt = async (option: string, rootfsPropagation: 'shared' | 'slave'): Promise<boolean> => {
        const mounts = [...ORDINARY, bindOf(directory, '/data', ['rbind', option])];
        const spec = engineSpec(lab, { mounts, script, linux: { rootfsPropagation }, process: { capabilities } });
        expect(await runEngineSpec(lab, spec)).toMatchObject({ stderr: '', exitCode: 0 });
        return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory}/new `);
      };
      expect(await attempt('rslave', 'shared')).toBe(false);
      expect(await attempt('rshared', 'slave')).toBe(false);
      expect(await attempt('rprivate', 'shared')).toBe(false);
      expect(await attempt('rshared', 'shared')).toBe(true);
      execFileSync('umount', [join(directory, 'new')]);
    });
  });

  it('shows the owners by a mapping of its own, and by that of the container', async (context) => {
    requires(context, { root: true, idmap: true });
    const directory = lab.directory();
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'file'), '');
    const ids = [{ containerID: 0, hostID: 4000, size: 10 }];
    const own: Mount = { ...bindOf(directory, '/data', ['bind', 'idmap']), uidMappings: ids, gidMappings: ids };
    const script = 'stat -c %u:%g /data/file; touch /data/new 2>/dev/null; stat -c %u:%g /data/new';
    const first = await runEngineSpec(lab, engineSpec(lab, { mounts: [...ORDINARY, own], script }));
    expect(first.stdout).toMatch(/^4000:4000\n/);

    const spec = engineSpec(lab, {
      mounts: [...ORDINARY, bindOf(directory, '/data', ['rbind', 'ridmap'])],
      namespaces: ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'],
      linux: SHIFTED,
      script: 'stat -c %u:%g /data/file; touch /data/new && stat -c %u:%g /data/new',
    });
    makeOwned(spec.root.path);
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '0:0\n0:0\n', stderr: '' });
    expect(statSync(join(directory, 'new'))).toMatchObject({ uid: 0, gid: 0 });
  });

  it('that cannot be idmapped is refused, and named', async () => {
    const spec = (mount: Mount): ReturnType<typeof engineSpec> => engineSpec(lab, { mounts: [mount] });
    const index = systemMounts().length;
    await expect(runEngineSpec(lab, spec(bindOf('/usr', '/u', ['bind', 'idmap'])))).rejects.toMatchObject({
      pointer: `/mounts/${String(index)}/options`,
    });
    await expect(runEngineSpec(lab, spec(mountOf('/u', 'tmpfs', ['idmap'])))).rejects.toBeInstanceOf(ConfigError);
  });

  it('whose source is missing is refused, and named', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, { mounts: [bindOf('/does/not/exist', '/data')] });
    await expect(runEngineSpec(lab, spec)).rejects.toThrow('clone mount /does/not/exist: ENOENT');
  });
});

function makeOwned(path: string): void {
  execFileSync('chown', ['-R', '700000:700000', path]);
  chmodSync(join(path, '..'), 0o755);
}

describe('a file system', () => {
  it('gets its options and those of mount(2)', async (context) => {
    requires(context, { root: true });
    const mount = mountOf('/t', 'tmpfs', [
      'nosuid',
      'noexec',
      'sync',
      'noatime',
      'size=64k',
      'mode=1770',
      'nosymfollow',
      'silent',
    ]);
    const line = await lineOf([mount], '/t');
    expect(line.options).toEqual(expect.arrayContaining(['nosuid', 'noexec', 'noatime', 'nosymfollow']));
    expect(line.superOptions).toEqual(expect.arrayContaining(['sync', 'size=64k', 'mode=1770']));
  });

  it('may be an overlay of layers below /tmp, with a long list of them', async (context) => {
    requires(context, { root: true });
    const base = lab.directory();
    const directory = join('/tmp', base.slice('/var/tmp/'.length));
    mkdirSync(directory);
    try {
      const layers = Array.from({ length: 12 }, (_, number) =>
        join(directory, `a-layer-with-a-long-name-${String(number)}`),
      );
      layers.forEach((layer, number) => {
        mkdirSync(layer);
        writeFileSync(join(layer, `file${String(number)}`), '');
      });
      const overlay = { ...mountOf('/layers', 'overlay'), options: [`lowerdir=${layers.join(':')}`, 'ro'] };
      const spec = engineSpec(lab, { mounts: [...ORDINARY, overlay], script: 'ls /layers | wc -l' });
      expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '12\n', stderr: '' });
    } finally {
      execFileSync('rm', ['-rf', directory]);
    }
  });

  it('of type tmpfs looks like the directory it covers, and starts with its content where that is asked for', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    const directory = join(rootfs, 'data');
    mkdirSync(join(directory, 'sub'), { recursive: true });
    chmodSync(directory, 0o1750);
    writeFileSync(join(directory, 'sub/file'), 'text');
    symlinkSync('/nowhere', join(directory, 'link'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    execFileSync('chown', ['12:34', join(directory, 'sub/file')]);
    chmodSync(join(directory, 'sub/file'), 0o4750);
    const script =
      'stat -c %a /data /fresh; cd /data; stat -c "%n %F %a %u:%g" sub/file link fifo; cat sub/file; echo new >sub/file';
    const spec = engineSpec(lab, {
      rootfs,
      script,
      mounts: [...ORDINARY, mountOf('/data', 'tmpfs', ['tmpcopyup', 'ro']), mountOf('/fresh', 'tmpfs', ['mode=711'])],
    });
    const { stdout, stderr } = await runEngineSpec(lab, spec);
    expect(stdout).toBe(
      '1750\n711\nsub/file regular file 4750 12:34\nlink symbolic link 777 0:0\nfifo fifo 644 0:0\ntext',
    );
    expect(stderr).toContain('Read-only file system');
    expect(readFileSync(join(directory, 'sub/file'), 'utf8')).toBe('text');
  });

  it('is mounted in the order of the spec, also into a read-only tmpfs', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, {
      mounts: [
        ...ORDINARY,
        mountOf('/run', 'tmpfs', ['ro']),
        mountOf('/run/lock', 'tmpfs', []),
        bindOf('/usr', '/run/lock/usr'),
      ],
      script: 'touch /run/lock/a; ls /run/lock/usr/bin/env; touch /run/b',
    });
    const { stdout, stderr } = await runEngineSpec(lab, spec);
    expect(stdout).toBe('/run/lock/usr/bin/env\n');
    expect(stderr).toMatch(/\/run\/b.*Read-only/);
  });

  it('is changed by remount, as is a bind mount', async (context) => {
    requires(context, { root: true });
    const line = await lineOf(
      [mountOf('/t', 'tmpfs', ['size=64k']), mountOf('/t', 'tmpfs', ['remount', 'size=128k', 'nosuid'])],
      '/t',
    );
    expect(line.superOptions).toContain('size=128k');
    const bound = await lineOf([bindOf('/usr', '/b'), bindOf('/usr', '/b', ['remount', 'bind', 'ro'])], '/b');
    expect(bound.options).toContain('ro');
  });

  it('of an unknown type is named', async (context) => {
    requires(context, { root: true });
    const spec = engineSpec(lab, { mounts: [mountOf('/t', 'no-such-fs')] });
    await expect(runEngineSpec(lab, spec)).rejects.toThrow(/make no-such-fs as mount\.\d+: ENODEV/);
  });
});

it('a hundred mounts and more are no problem', async (context) => {
  requires(context, { root: true });
  const many = Array.from({ length: 300 }, (_, number) => bindOf('/usr', `/many/${String(number)}`, ['bind', 'ro']));
  const spec = engineSpec(lab, { mounts: [...ORDINARY, ...many], script: 'ls -d /many/*/bin | wc -l' });
  expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '300\n', stderr: '' });
});

it('links in the root file system are followed inside of it, also those that lead to nothing yet', async (context) => {
  requires(context, { root: true });
  const rootfs = makeRootfs(lab);
  mkdirSync(join(rootfs, 'etc'));
  symlinkSync('/run', join(rootfs, 'elsewhere'));
  symlinkSync('../run/systemd/resolv.conf', join(rootfs, 'etc/resolv.conf'));
  symlinkSync('../../../../over/the/top', join(rootfs, 'etc/out'));
  symlinkSync('loop', join(rootfs, 'etc/loop'));
  const file = join(lab.directory(), 'file');
  writeFileSync(file, 'text\n');
  const mounts = [
    ...ORDINARY,
    mountOf('/elsewhere/sub', 'tmpfs'),
    bindOf(file, '/etc/resolv.conf', ['bind']),
    bindOf(file, '/etc/out', ['bind']),
  ];
  const script = 'touch /run/sub/file; ls /elsewhere/sub; cat /etc/resolv.conf /run/systemd/resolv.conf /over/the/top';
  const spec = engineSpec(lab, { rootfs, mounts, script });
  expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: 'file\ntext\ntext\ntext\n', stderr: '' });
  expect(lstatSync(join(rootfs, 'run/sub')).isDirectory()).toBe(true);
  expect(readlinkSync(join(rootfs, 'elsewhere'))).toBe('/run');
  const looping = engineSpec(lab, { rootfs, mounts: [...ORDINARY, bindOf(file, '/etc/loop', ['bind'])] });
  await expect(runEngineSpec(lab, looping)).rejects.toThrow(/place .* on \/etc\/loop: ELOOP/);
});
