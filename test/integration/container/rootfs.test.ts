import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';

const lab = makeLab();

/** Programs that the tests use inside; dynamic, so their libraries come along. */
const PROGRAMS = ['sh', 'cat', 'ls', 'id', 'touch', 'mkdir', 'pwd'];

/** Prints which libraries a program needs. @see ldd(1) */
const LDD = '/usr/bin/ldd';

/** Makes a small root filesystem out of programs of the host. */
function makeRootfs(): string {
  const root = lab.directory();
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'bin'));
  for (const program of PROGRAMS) {
    const path = ['/bin', '/usr/bin'].map((bin) => `${bin}/${program}`).find((one) => existsSync(one)) ?? program;
    copyFileSync(path, join(root, 'bin', program));
    for (const library of listLibraries(path)) {
      mkdirSync(dirname(root + library), { recursive: true });
      copyFileSync(library, root + library);
    }
  }
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nguest:x:1234:1234::/home/guest:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nguest:x:1234:\nextra:x:55:guest\n');
  return root;
}

function listLibraries(program: string): readonly string[] {
  const text = execFileSync(LDD, [program], { encoding: 'utf8' });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
}

describe('a directory as root filesystem', () => {
  it('is all that the container sees', async () => {
    const root = makeRootfs();
    const { stdout, stderr } = await lab.run(
      ['sh', '-c', 'pwd; ls /; ls /dev/pts /dev/fd/ >/dev/null && cat /proc/1/comm'],
      { rootfs: root },
    );
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      '/',
      'bin',
      'dev',
      'etc',
      ...readdirSync(root).filter((name) => name.startsWith('lib')),
      'proc',
      'sys',
      'corral-init',
      '',
    ]);
  });

  it('keeps what is written, as files of the caller’s root', async () => {
    const root = makeRootfs();
    expect(await lab.run(['sh', '-c', 'echo kept > /file'], { rootfs: root })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(lstatSync(join(root, 'file'))).toMatchObject({ uid: process.geteuid?.(), size: 5 });
  });

  it('can be read-only, with its own mounts still in place', async () => {
    const root = makeRootfs();
    for (const name of ['dev', 'proc', 'sys', 'scratch']) mkdirSync(join(root, name));
    const script =
      '(echo x > /file) 2>/dev/null || echo refused; echo x > /scratch/file && cat /scratch/file; echo y > /dev/null';
    const options = { rootfs: root, readOnly: true, tmpfs: ['/scratch'] };
    expect(await lab.run(['sh', '-c', script], options)).toMatchObject({ stdout: 'refused\nx\n', stderr: '' });
    expect(existsSync(join(root, 'file'))).toBe(false);
  });

  it('has a user database of its own, by which names are found', async (context) => {
    if (process.geteuid?.() !== 0) context.skip('needs root');
    const options = { rootfs: makeRootfs(), user: 'guest' };
    const { stdout } = await lab.run(['sh', '-c', 'id -u; id -g; id -G; echo $HOME'], options);
    expect(stdout).toBe('1234\n1234\n1234 55\n/home/guest\n');
    await expect(lab.spawn(['true'], { ...options, user: 'daemon' })).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it('with links that lead out leads nowhere', async () => {
    const root = makeRootfs();
    const outside = lab.directory();
    symlinkSync(outside, join(root, 'proc'));
    symlinkSync(`../../../../..${outside}`, join(root, 'trap'));
    await lab
      .run(['sh', '-c', 'echo x > /trap/file'], {
        rootfs: root,
        tmpfs: ['/trap/tmp'],
        volumes: [`${lab.directory()}:/trap/volume`],
      })
      .catch(() => undefined);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('without the program is a launch error that names it', async () => {
    await expect(lab.spawn(['perl'], { rootfs: makeRootfs() })).rejects.toMatchObject({
      name: 'LaunchError',
      code: 'ENOENT',
      op: 'find-executable',
      message: 'find executable perl: ENOENT (no such file or directory)',
    });
  });

  it('that does not exist is named', async () => {
    await expect(lab.spawn(['true'], { rootfs: '/no/such/root' })).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('/no/such/root') as string,
    });
  });
});

describe('the read-only default root filesystem', () => {
  it('refuses writes but in /tmp, /run and /dev', async () => {
    const script = 'for i in / . /etc /usr /var /tmp /run /dev; do (echo x > $i/f) 2>/dev/null && echo $i; done; true';
    expect(await lab.run(['sh', '-c', script], { readOnly: true })).toMatchObject({ stdout: '/tmp\n/run\n/dev\n' });
  });
});
