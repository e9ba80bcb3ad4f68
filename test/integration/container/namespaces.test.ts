import { readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpawnOptions } from '../../../src/container/spawn.js';
import { makeLab } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';

const lab = makeLab();

/** The option of each namespace, and its name in /proc/PID/ns. */
const NAMESPACES = { userns: 'user', pid: 'pid', ipc: 'ipc', uts: 'uts', net: 'net', cgroupns: 'cgroup' } as const;
type NamespaceOption = keyof typeof NAMESPACES;

async function readNamespaces(options: SpawnOptions): Promise<Readonly<Record<string, string>>> {
  const names = [...Object.values(NAMESPACES), 'mnt'];
  const links = names.map((name) => `/proc/self/ns/${name}`);
  const { stdout, stderr } = await lab.run(['readlink', ...links], options);
  expect(stderr).toBe('');
  return Object.fromEntries(stdout.split('\n').map((link, index) => [names[index] ?? '', link]));
}

const own = (name: string): string => readlinkSync(`/proc/self/ns/${name}`);

describe('namespaces', () => {
  it('are all the container’s own by default', async () => {
    const namespaces = await readNamespaces({});
    for (const name of [...Object.values(NAMESPACES), 'mnt']) expect(namespaces[name], name).not.toBe(own(name));
  });

  it.for(Object.keys(NAMESPACES) as NamespaceOption[])(
    '%s host is the caller’s, and the others are not',
    async (option, context) => {
      if (option === 'userns') requires(context, { root: true });
      const namespaces = await readNamespaces({ [option]: 'host' });
      const shared = [...Object.values(NAMESPACES), 'mnt'].filter((name) => namespaces[name] === own(name));
      expect(shared).toEqual([NAMESPACES[option]]);
    },
  );

  it('of the host can all be had at one time', async (context) => {
    requires(context, { root: true });
    const all = Object.fromEntries(Object.keys(NAMESPACES).map((option) => [option, 'host']));
    const namespaces = await readNamespaces(all);
    for (const name of Object.values(NAMESPACES)) expect(namespaces[name], name).toBe(own(name));
    expect(namespaces['mnt']).not.toBe(own('mnt'));
  });

  it('are all the caller’s with isolation cgroup, as are the file system and the ids', async () => {
    const namespaces = await readNamespaces({ isolation: 'cgroup' });
    for (const name of [...Object.values(NAMESPACES), 'mnt']) expect(namespaces[name], name).toBe(own(name));
    const { stdout } = await lab.run(['sh', '-c', 'id -u; pwd'], { isolation: 'cgroup' });
    expect(stdout).toBe(`${String(process.geteuid?.())}\n${process.cwd()}\n`);
  });

  it('net none has a loopback device that is down', async () => {
    expect(await lab.run(['cat', '/sys/class/net/lo/flags'], { net: 'none' })).toMatchObject({ stdout: '0x8\n' });
  });

  it('net private can talk to itself and to nobody else', async (context) => {
    requires(context, { programs: ['perl'] });
    const script = `
      use Socket;
      socket my $server, PF_INET, SOCK_STREAM, 0; bind $server, sockaddr_in(0, INADDR_LOOPBACK) or die; listen $server, 1;
      socket my $client, PF_INET, SOCK_STREAM, 0; connect $client, getsockname $server or die; print "self\\n";
      socket my $out, PF_INET, SOCK_STREAM, 0; connect $out, sockaddr_in(53, inet_aton('8.8.8.8')) or print "$!\\n";`;
    expect(await lab.run(['perl', '-e', script])).toMatchObject({ stdout: 'self\nNetwork is unreachable\n' });
  });

  it('the hostname is the container’s name, unless another is asked for', async () => {
    expect(await lab.run(['hostname'], { name: 'web-1' })).toMatchObject({ stdout: 'web-1\n' });
    expect(
      await lab.run(['sh', '-c', 'hostname; cat /etc/hostname; grep -c box.example /etc/hosts'], {
        hostname: 'box.example',
      }),
    ).toMatchObject({
      stdout: 'box.example\nbox.example\n1\n',
    });
    expect(await lab.run(['hostname'], { uts: 'host' })).toMatchObject({ stdout: `${hostname()}\n` });
  });

  it('sysctl changes the container’s parameter and not the host’s', async () => {
    const path = '/proc/sys/net/ipv4/ip_default_ttl';
    const before = readFileSync(path, 'utf8');
    expect(await lab.run(['cat', path], { sysctl: { 'net.ipv4.ip_default_ttl': '77' } })).toMatchObject({
      stdout: '77\n',
    });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('a sysctl of the whole host is refused', async () => {
    await expect(lab.spawn(['true'], { sysctl: { 'kernel.panic': '1' } })).rejects.toMatchObject({
      code: 'ERR_OPTION',
    });
  });
});

describe('volumes', () => {
  it('are written as the caller’s root: what a container makes belongs to the caller', async (context) => {
    requires(context, { root: true });
    const directory = lab.directory();
    writeFileSync(join(directory, 'given'), 'from outside\n');
    const { stdout, stderr } = await lab.run(
      ['sh', '-c', 'cat given; stat -c %u:%g given .; echo inside > made; chown 7:8 made'],
      {
        volumes: [`${directory}:/data`],
        cwd: '/data',
      },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'from outside\n0:0\n0:0\n', stderr: '' });
    const { uid, gid } = statSync(join(directory, 'made'));
    expect({ uid, gid, text: readFileSync(join(directory, 'made'), 'utf8') }).toEqual({
      uid: 7,
      gid: 8,
      text: 'inside\n',
    });
  });

  it('may be read-only, and may be files', async () => {
    const directory = lab.directory();
    const file = join(directory, 'file');
    writeFileSync(file, 'fixed\n');
    const script =
      'cat /etc/fixed; (echo x > /etc/fixed) 2>/dev/null || echo refused; touch /mnt/x 2>/dev/null || echo refused';
    const options = { volumes: [`${file}:/etc/fixed:ro`, { source: directory, target: '/mnt', readOnly: true }] };
    expect(await lab.run(['sh', '-c', script], options)).toMatchObject({ stdout: 'fixed\nrefused\nrefused\n' });
    expect(readFileSync(file, 'utf8')).toBe('fixed\n');
  });

  it('cannot be made writable again by the container, not even in a user namespace of its own', async (context) => {
    requires(context, { programs: ['unshare'] });
    const options = { volumes: [`${lab.directory()}:/mnt:ro`] };
    const script = 'mount -o remount,rw,bind /mnt 2>/dev/null; touch /mnt/x 2>/dev/null || echo refused';
    expect(await lab.run(['sh', '-c', script], options)).toMatchObject({ stdout: 'refused\n' });
    expect(await lab.run(['unshare', '-Urm', 'sh', '-c', script], { ...options, seccomp: 'unconfined' })).toMatchObject(
      {
        stdout: 'refused\n',
        exitCode: 0,
      },
    );
  });

  it('have mount points that are made where they are missing, and only inside', async () => {
    const options = { volumes: [`${lab.directory()}:/deep/er/mount`] };
    expect(await lab.run(['sh', '-c', 'touch /deep/er/mount/x; ls /deep/er'], options)).toMatchObject({
      stdout: 'mount\n',
    });
    expect(() => statSync('/deep')).toThrow(/ENOENT/);
  });

  it('a source that does not exist is named, and leaves nothing', async () => {
    await expect(lab.spawn(['true'], { volumes: ['/no/such/place:/mnt'] })).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('/no/such/place') as string,
    });
  });

  it('setuid bits and devices do not work in them', async () => {
    const { stdout } = await lab.run(['sh', '-c', 'grep " /mnt " /proc/self/mountinfo'], {
      volumes: [`${lab.directory()}:/mnt`],
    });
    expect(stdout).toMatch(/nosuid,nodev/);
  });
});

describe('tmpfs', () => {
  it('is empty, as large as asked for, and gone afterwards', async () => {
    const script = 'ls -A /scratch; head -c 3m /dev/zero > /scratch/a 2>/dev/null || echo full; stat -c %a /scratch';
    const { stdout } = await lab.run(['sh', '-c', script], { tmpfs: ['/scratch:size=1m,mode=0750'] });
    expect(stdout).toBe('full\n750\n');
  });

  it('takes the place of the default one', async () => {
    const { stdout } = await lab.run(['sh', '-c', 'stat -c %a /tmp; grep -c " /tmp " /proc/self/mountinfo'], {
      tmpfs: ['/tmp:mode=0700'],
    });
    expect(stdout).toBe('700\n1\n');
  });
});
