import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindOf, engineSpec, makeRootfs, mountOf, runEngineSpec } from '../../helpers/engine.js';
import { ORDINARY, lineOf } from '../../helpers/host-mounts.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

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
    const line = await lineOf(lab, [mount], '/t');
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
      lab,
      [mountOf('/t', 'tmpfs', ['size=64k']), mountOf('/t', 'tmpfs', ['remount', 'size=128k', 'nosuid'])],
      '/t',
    );
    expect(line.superOptions).toContain('size=128k');
    const bound = await lineOf(lab, [bindOf('/usr', '/b'), bindOf('/usr', '/b', ['remount', 'bind', 'ro'])], '/b');
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
