import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelAtLeast } from '../../../src/compile/questions.js';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { makeLab } from '../../helpers/lab.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

const isRoot = process.geteuid?.() === 0;
const tag = randomBytes(4).toString('hex');

/** Files that no container is to read. Made before anything is launched: what is hidden is looked up every few seconds. */
const secret = `/etc/corral-test-secret-${tag}`;
const home = `/home/corral-test-${tag}`;

beforeAll(() => {
  if (!isRoot) return;
  writeFileSync(secret, 'top secret\n', { mode: 0o600 });
  mkdirSync(`${home}/work`, { recursive: true });
  mkdirSync(`${home}/other`);
  writeFileSync(`${home}/work/file`, 'of the project\n');
  writeFileSync(`${home}/work/.env`, 'of the project too\n');
  writeFileSync(`${home}/other/file`, 'private\n');
  chmodSync(home, 0o755);
});

afterAll(() => {
  if (!isRoot) return;
  rmSync(secret, { force: true });
  rmSync(home, { recursive: true, force: true });
});

/** Runs a script with the default options and returns its lines. */
async function lines(script: string): Promise<readonly string[]> {
  const { stdout, stderr, exitCode } = await lab.run(['sh', '-c', script]);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout.split('\n').slice(0, -1);
}

/** Names, sizes and times of a directory's entries, and the content of some of its files. */
function fingerprint(directories: readonly string[]): string {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status === undefined || directory.startsWith('/var/tmp')) continue;
      hash.update(`${path} ${entry.isDirectory() ? 'd' : String(status.size)} ${String(status.ino)}\n`);
      if (entry.isFile() && status.size < 100_000 && directory !== '/var/log') hash.update(readFileSync(path));
    }
  }
  return hash.digest('hex');
}

describe('writes of a container', () => {
  it('that delete half of / change nothing on the host', { timeout: 120_000 * TIME_SCALE }, async (context) => {
    requires(context, { root: true });
    const watched = ['/', '/etc', '/usr/share', '/usr/share/doc', '/usr/bin', '/var', '/var/lib', '/var/lib/dpkg'];
    const before = fingerprint(watched.filter(existsSync));
    const result = await lab.run(
      ['sh', '-c', 'rm -rf /usr/share /etc /var /opt; ls -d /usr/share /etc /var/lib /etc/passwd; echo $?'],
      {
        cwd: '/',
      },
    );
    // Before Linux 6.6 tmpfs keeps no user.* attributes, and without them overlayfs cannot remove directories.
    const removes = kernelAtLeast(readHostFacts({ paths: [], cwd: '/' }), [6, 6]);
    if (removes) expect(result).toMatchObject({ exitCode: 0, stdout: '2\n' });
    expect(result.stdout).not.toContain('/etc/passwd');
    expect(fingerprint(watched.filter(existsSync))).toBe(before);
    expect(await lines('test -e /etc/passwd && echo there')).toEqual(['there']);
  });

  it('vanish with it', async (context) => {
    requires(context, { root: true });
    const name = `corral-test-written-${tag}`;
    const paths = ['/etc', '/usr/bin', '/var/lib', '/tmp', '/run', '/root', process.cwd()].map(
      (path) => `${path}/${name}`,
    );
    expect(await lines(`for i in ${paths.join(' ')}; do echo x > $i; cat $i; done`)).toEqual(paths.map(() => 'x'));
    expect(paths.filter((path) => existsSync(path))).toEqual([]);
    expect(await lines(`ls -d ${paths.join(' ')} 2>/dev/null || true`)).toEqual([]);
  });

  it('change neither owner nor mode of a file of the host', async (context) => {
    requires(context, { root: true });
    const before = statSync('/usr/bin/env');
    await lab.run(['sh', '-c', 'chmod 4777 /usr/bin/env; chown 12:34 /usr/bin/env; echo > /usr/bin/env']);
    const { mode, uid, gid, size, ctimeMs } = statSync('/usr/bin/env');
    expect({ mode, uid, gid, size, ctimeMs }).toEqual({
      mode: before.mode,
      uid: before.uid,
      gid: before.gid,
      size: before.size,
      ctimeMs: before.ctimeMs,
    });
  });
});

describe('what the host keeps to itself', () => {
  it('cannot be read: shadow files, host keys, whatever others may not read', async (context) => {
    requires(context, { root: true });
    const keys = existsSync('/etc/ssh') ? readdirSync('/etc/ssh').filter((name) => /^ssh_host_.*key$/.test(name)) : [];
    const paths = ['/etc/shadow', '/etc/gshadow', ...keys.map((name) => `/etc/ssh/${name}`), secret].filter(existsSync);
    expect(paths).toContain(secret);
    expect(await lines(`cat ${paths.join(' ')}`)).toEqual([]);
  });

  it('comes back neither by an unmount nor by a removal of what covers it', async (context) => {
    requires(context, { root: true });
    const script = `umount ${secret}; umount /root; rm -f ${secret}; cat ${secret}; mount -o remount,rw / ; ls -A /root`;
    const { stdout } = await lab.run(['sh', '-c', `(${script}) 2>/dev/null`], { capAdd: ['SYS_ADMIN'] });
    expect(stdout).toBe('');
  });

  it('comes back neither in a user namespace that the container makes', async (context) => {
    requires(context, { root: true, programs: ['unshare'] });
    const script = `umount ${secret} /root /home /proc/keys; mount -o remount,rw /proc/sys; cat ${secret} /proc/keys; ls -A /root; echo x > /proc/sys/kernel/sysrq && echo wrote`;
    // The default filter allows no such namespace; what is hidden is so without it, too.
    const seccomp = 'unconfined';
    expect(await lab.run(['unshare', '-Urm', 'sh', '-c', `(${script}) 2>/dev/null; true`], { seccomp })).toMatchObject({
      stdout: '',
      exitCode: 0,
    });
  });

  it('cannot be reached through the file handles of its disk', async (context) => {
    requires(context, { root: true, programs: ['perl'] });
    // open_by_handle_at(2), the "shocker": inode 2 is the root directory of ext4.
    const perl = `
      my $handle = pack('IIQ', 8, 1, 2);
      open my $dir, '<', '/etc/hostname' or die;
      my $fd = syscall(304, fileno($dir), $handle, 0);
      print $fd < 0 ? "refused\\n" : "opened\\n";`;
    expect(await lab.run(['perl', '-e', perl], { capAdd: ['ALL'] })).toMatchObject({ stdout: 'refused\n', stderr: '' });
  });

  it('includes all homes, but for the working directory', async (context) => {
    requires(context, { root: true });
    const { stdout } = await lab.run(['sh', '-c', 'cat file; ls -A ..; ls -A /home; ls -A /root; pwd'], {
      cwd: `${home}/work`,
    });
    expect(stdout.split('\n')).toEqual(['of the project', 'work', `corral-test-${tag}`, `${home}/work`, '']);
  });

  it('is shown where the caller exposes it', async (context) => {
    requires(context, { root: true });
    const { stdout } = await lab.run(['sh', '-c', `cat ${secret} ${home}/other/file; ls -A ${home}`], {
      expose: [secret, `${home}/other`],
      cwd: '/',
    });
    expect(stdout.split('\n')).toEqual(['top secret', 'private', 'other', '']);
  });

  it('includes the dot files of a home that is the working directory', async (context) => {
    requires(context, { root: true });
    writeFileSync(`${home}/.netrc`, 'password\n');
    const { stdout } = await lab.run(['sh', '-c', 'ls; cat .netrc'], { cwd: home });
    expect(stdout.split('\n')).toEqual(['other', 'work', '']);
  });
});

describe('of the host a container sees', () => {
  it('no processes', async () => {
    expect(
      await lines('for i in /proc/[0-9]*; do cat $i/comm; done | sort -u | grep -v -e ^cat -e ^sort -e ^grep'),
    ).toEqual(['corral-init', 'sh']);
    expect(await lines('ls -d /proc/[0-9]* | wc -l')).toEqual([expect.stringMatching(/^[34]$/) as string]);
  });

  it('no mounts', async () => {
    const { stdout } = await lab.run(['cat', '/proc/self/mountinfo']);
    const mounts = stdout.trim().split('\n');
    const own = new Set(
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[2]),
    );
    // The devices, which are bound one by one, the cgroup tree from the container's own on, and where root cannot make
    // an overlay of everything, read-only binds.
    const shared = mounts.filter((line) => own.has(line.split(' ')[2]));
    const targets = shared.map((line) => line.split(' ')[4]);
    if (isRoot) {
      for (const target of targets) {
        expect(target).toMatch(
          /^[/](dev[/](null|zero|full|random|urandom|tty)|proc[/]\w+|sys[/]fs[/]cgroup|dev[/]mqueue)$/,
        );
      }
    }
    expect(mounts.every((line) => !/ (shared|master):/.test(line))).toBe(true);
  });

  it('no cgroups', async (context) => {
    requires(context, { cgroup: true });
    const cgroups = await lines('cat /proc/self/cgroup');
    expect(cgroups.length).toBeGreaterThan(0);
    expect(cgroups.filter((line) => !line.endsWith(':/'))).toEqual([]);
    expect(await lines('cat /proc/1/cgroup')).toEqual(cgroups);
    // Its own v2 cgroup is to be seen, and none below it; of v1 there is nothing.
    const seen = await lines(
      'test ! -e /sys/fs/cgroup/cgroup.procs || echo v2; find /sys/fs/cgroup -mindepth 1 -type d',
    );
    expect(seen).toEqual(cgroups.includes('0::/') ? ['v2'] : []);
  });

  it('no device nodes but the harmless ones', async () => {
    // find(1) would go by the names' types in the tmpfs, on which each device is a bind mount.
    const script = 'for i in $(find /dev ! -name "std*"); do test -c $i -o -b $i && echo $i; done | sort';
    const harmless = ['full', 'null', 'ptmx', 'pts/ptmx', 'random', 'tty', 'urandom', 'zero'];
    expect(await lines(script)).toEqual(harmless.map((name) => `/dev/${name}`));
    const mounts = await lines('cut -d " " -f 5,6 /proc/self/mountinfo');
    const devices = /^[/](dev|dev[/](null|zero|full|random|urandom|tty|pts)|proc[/]\w+) /;
    // Without root, whatever holds other mounts is bound as it is; devices in there stay the host's to open.
    if (isRoot) expect(mounts.filter((line) => !line.includes('nodev') && !devices.test(line))).toEqual([]);
  });

  it('masked paths only as empty ones', async () => {
    const masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/interrupts', '/proc/latency_stats'];
    expect(await lines(`for i in ${masked.join(' ')}; do test -e $i && cat $i; done; true`)).toEqual([]);
    expect(await lines('ls -A /sys/firmware /proc/acpi /proc/scsi 2>/dev/null | grep -v -e : -e ^$ || true')).toEqual(
      [],
    );
  });

  it('no network interface but the loopback device, which is up', async () => {
    expect(await lines(`sed -n 's/ *\\(.*\\):.*/\\1/p' /proc/net/dev`)).toEqual(['lo']);
    expect(await lines('cat /sys/class/net/lo/flags')).toEqual(['0x9']);
  });

  it('no descriptor but its three streams', async () => {
    // The fourth is the one of ls itself.
    expect(await lines('ls /proc/self/fd')).toEqual(['0', '1', '2', '3']);
    // It lets go of what the plan needed a moment after the command has begun; by then nobody could follow it.
    expect(await lines('sleep 0.2; ls /proc/1/fd 2>/dev/null | wc -l')).toEqual(['0']);
  });

  it('no variables of the environment', async () => {
    process.env['CORRAL_TEST_TOKEN'] = 'secret';
    try {
      const names = (await lines('env')).map((line) => line.split('=')[0]);
      expect(
        names.filter(
          (name) =>
            !['PATH', 'HOME', 'HOSTNAME', 'container', 'TERM', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name ?? ''),
        ),
      ).toEqual([]);
    } finally {
      delete process.env['CORRAL_TEST_TOKEN'];
    }
  });
});
