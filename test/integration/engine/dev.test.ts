import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCgroupFacts } from '../../../src/cgroup/facts.js';
import type { Device, SpecNamespaceType } from '../../../src/spec/types.js';
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
} from '../../helpers/engine.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const USER: readonly SpecNamespaceType[] = ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'];

/** What `stat` says of every entry of /dev. */
const LIST = 'cd /dev; for f in *; do stat -c "%n %A %t:%T %u:%g" "$f"; done';

/** A root file system that the ids of a user namespace own. */
function makeOwnedRootfs(): string {
  const rootfs = makeRootfs(lab);
  execFileSync('chown', ['-R', '700000:700000', rootfs]);
  chmodSync(join(rootfs, '..'), 0o755);
  return rootfs;
}

describe('/dev', () => {
  it('has the default devices and links, and the others that are asked for', async (context) => {
    requires(context, { root: true });
    const devices: readonly Device[] = [
      { type: 'c', path: '/dev/fuse', major: 10, minor: 229, fileMode: 0o640, uid: 5, gid: 6 },
      { type: 'b', path: '/dev/disk/big', major: 259, minor: 70_000 },
      { type: 'u', path: '/dev/null', major: 1, minor: 3, fileMode: 0o600 },
      { type: 'p', path: '/dev/pipe', fileMode: 0o622 },
      { type: 'c', path: '/dev/ptmx', major: 5, minor: 2 },
    ];
    const script = `${LIST}; stat -c '%A %t:%T' disk/big; echo >null; readlink fd stdin stdout stderr ptmx`;
    const spec = engineSpec(lab, { script, linux: { devices } });
    const { stdout, stderr } = await runEngineSpec(lab, spec);
    expect(stderr).toBe('');
    for (const line of [
      'full crw-rw-rw- 1:7 0:0',
      'fuse crw-r----- a:e5 5:6',
      'null crw------- 1:3 0:0',
      'pipe prw--w--w- 0:0 0:0',
      'random crw-rw-rw- 1:8 0:0',
      'tty crw-rw-rw- 5:0 0:0',
      'urandom crw-rw-rw- 1:9 0:0',
      'zero crw-rw-rw- 1:5 0:0',
    ]) {
      expect(stdout).toContain(`${line}\n`);
    }
    expect(stdout).toContain('brw-rw-rw- 103:11170\n');
    expect(stdout).toMatch(
      /\/proc\/self\/fd\n\/proc\/self\/fd\/0\n\/proc\/self\/fd\/1\n\/proc\/self\/fd\/2\npts\/ptmx\n$/,
    );
    expect(stdout).not.toContain('console');
  });

  it('of a user namespace has the host’s devices, whose owners stay', async (context) => {
    requires(context, { root: true });
    const before = statSync('/dev/null');
    const devices: readonly Device[] = [
      { type: 'c', path: '/dev/kmsg', major: 1, minor: 11, uid: 5, gid: 5 },
      { type: 'p', path: '/dev/pipe' },
    ];
    const linux = { ...SHIFTED, devices };
    const spec = engineSpec(lab, {
      rootfs: makeOwnedRootfs(),
      namespaces: USER,
      linux,
      script: `${LIST}; echo x >null && head -c 1 zero | wc -c`,
    });
    const { stdout, stderr } = await runEngineSpec(lab, spec);
    expect(stderr).toBe('');
    expect(stdout).toContain('null crw-rw-rw- 1:3 65534:65534\n');
    expect(stdout).toMatch(/kmsg crw.* 1:b 65534:65534\n/);
    expect(stdout).toContain('pipe prw-rw-rw- 0:0 0:0\n');
    expect(stdout.endsWith('1\n')).toBe(true);
    expect(statSync('/dev/null')).toMatchObject({ uid: before.uid, gid: before.gid, mode: before.mode });
  });

  it('in a user namespace refuses a device that is another on the host', async (context) => {
    requires(context, { root: true });
    const devices: readonly Device[] = [{ type: 'c', path: '/dev/full', major: 1, minor: 5 }];
    const spec = engineSpec(lab, { rootfs: makeOwnedRootfs(), namespaces: USER, linux: { ...SHIFTED, devices } });
    await expect(runEngineSpec(lab, spec)).rejects.toThrow('bind device /dev/full: ENODEV');
  });

  it('with another file in the place of a device is refused; a device that is right stays', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    mkdirSync(join(rootfs, 'dev'));
    execFileSync('mknod', ['-m', '600', join(rootfs, 'dev/null'), 'c', '1', '3']);
    execFileSync('mknod', [join(rootfs, 'dev/ptmx'), 'c', '5', '2']);
    const spec = engineSpec(lab, { rootfs, mounts: [PROC], script: 'stat -c %a /dev/null; readlink /dev/ptmx' });
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '600\npts/ptmx\n' });
    execFileSync('rm', [join(rootfs, 'dev/zero')]);
    writeFileSync(join(rootfs, 'dev/zero'), '');
    await expect(runEngineSpec(lab, spec)).rejects.toThrow('make device /dev/zero: EEXIST');
  });

  it('that is a bind mount is left as it is', async (context) => {
    requires(context, { root: true });
    const own = join(lab.directory(), 'dev');
    mkdirSync(own);
    const devices: readonly Device[] = [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229 }];
    const spec = engineSpec(lab, { mounts: [PROC, bindOf(own, '/dev')], linux: { devices }, script: 'ls -A /dev' });
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '', stderr: '' });
  });

  it('may be read-only, and has its devices and the terminal all the same', async (context) => {
    requires(context, { root: true });
    const out = lab.directory();
    const mounts = [PROC, { ...DEV, options: [...DEV.options, 'ro'] }, DEVPTS, bindOf(out, '/out')];
    const script = 'touch /dev/x 2>/out/refused; stat -c "%t:%T %F" /dev/null /dev/console >/out/stat; tty >/out/tty';
    const spec = engineSpec(lab, { mounts, script, readonly: true, process: { terminal: true } });
    await runEngineSpec(lab, spec);
    expect(readFileSync(join(out, 'refused'), 'utf8')).toContain('Read-only');
    expect(readFileSync(join(out, 'stat'), 'utf8')).toMatch(
      /^1:3 character special file\n88:\d+ character special file\n$/,
    );
    expect(readFileSync(join(out, 'tty'), 'utf8')).toMatch(/^\/dev\/(pts\/0|console)\n$/);
  });

  it.each([
    [{ type: 'c', path: '/dev/x', major: 1 }, '/linux/devices/0/minor'],
    [{ type: 'b', path: '/dev/x', major: 4096, minor: 0 }, '/linux/devices/0/major'],
    [{ type: 'c', path: 'dev/x', major: 1, minor: 1 }, '/linux/devices/0/path'],
  ] as const)('with the device %j is refused', async (device, pointer) => {
    const spec = engineSpec(lab, { linux: { devices: [device] } });
    await expect(runEngineSpec(lab, spec)).rejects.toMatchObject({ name: 'ConfigError', pointer });
  });
});

describe('masked and read-only paths', () => {
  it('are empty, or cannot be written; what is not there is passed over', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    mkdirSync(join(rootfs, 'secrets'));
    writeFileSync(join(rootfs, 'secrets/key'), 'secret');
    writeFileSync(join(rootfs, 'file'), 'secret');
    const linux = {
      maskedPaths: ['/secrets', '/file', '/proc/kcore', '/proc/not/there', '/sys/firmware'],
      readonlyPaths: ['/proc/sys', '/etc', '/not/there'],
    };
    const script = [
      'ls -A /secrets; cat /file',
      'stat -c "%t:%T" /file /proc/kcore',
      'ls -A /sys/firmware | wc -l',
      'echo 1 2>&1 >/proc/sys/vm/panic_on_oom | grep -o Read-only',
      'touch /secrets/x 2>&1 | grep -o Read-only',
    ].join('; ');
    const result = await runEngineSpec(lab, engineSpec(lab, { rootfs, linux, script }));
    const kcore = existsSync('/proc/kcore') ? '1:3\n' : '';
    expect(result.stdout).toBe(`1:3\n${kcore}0\nRead-only\nRead-only\n`);
    expect(existsSync(join(rootfs, 'secrets/x'))).toBe(false);
  });

  it('are masked where nothing fills /dev, too', async (context) => {
    requires(context, { root: true });
    const rootfs = makeRootfs(lab);
    writeFileSync(join(rootfs, 'file'), 'secret');
    const own = lab.directory();
    const spec = engineSpec(lab, {
      rootfs,
      mounts: [PROC, bindOf(own, '/dev')],
      linux: { maskedPaths: ['/file'] },
      script: 'stat -c %t:%T /file',
    });
    expect(await runEngineSpec(lab, spec)).toMatchObject({ stdout: '1:3\n' });
    expect(lstatSync(join(rootfs, 'file')).size).toBe(6);
  });
});

describe('a mount of type cgroup', () => {
  const CGROUP = mountOf('/sys/fs/cgroup', 'cgroup', ['nosuid', 'noexec', 'nodev', 'relatime', 'ro']);
  const LOOK =
    'cat /proc/self/mountinfo | grep /sys/fs/cgroup; mkdir /sys/fs/cgroup/unified/x /sys/fs/cgroup/x /sys/fs/cgroup/pids/x 2>&1';

  it.for([
    ['in a namespace of its own', ['mount', 'pid', 'network', 'cgroup']],
    ['in that of the host', ['mount', 'pid', 'network']],
    // CVE-2023-25809: there it could be written.
    ['with a user namespace and no cgroup namespace', ['user', 'mount', 'pid', 'network']],
  ] as const)('shows all hierarchies, read-only, %s', async ([, namespaces], context) => {
    requires(context, { root: true });
    const { layout } = readCgroupFacts();
    const isUser = namespaces.some((name) => name === 'user');
    const spec = engineSpec(lab, {
      ...(isUser ? { rootfs: makeOwnedRootfs() } : {}),
      namespaces,
      linux: isUser ? SHIFTED : {},
      mounts: [PROC, DEV, SYS, CGROUP],
      script: LOOK,
    });
    const { stdout } = await runEngineSpec(lab, spec);
    const lines = stdout.split('\n').filter((line) => line.includes(' - '));
    expect(lines).toHaveLength(
      layout.mode === 'unified' ? 1 : 1 + layout.v1.length + layout.named.length + (layout.v2 ? 1 : 0),
    );
    for (const line of lines) expect(line.split(' ')[5]?.split(','), line).toContain('ro');
    const refusals = stdout.split('\n').filter((line) => line.startsWith('mkdir'));
    expect(refusals.filter((line) => !/Read-only|No such file/.test(line))).toEqual([]);
    expect(stdout).toContain('Read-only file system');
  });
});
