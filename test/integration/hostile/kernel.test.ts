import { chownSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { OCI_MOUNTS, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

// What a container does to the kernel, and what an image would have the runtime do. More of the latter is in rootfs.test.ts.

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true, programs: ['perl'] });
});

describe('the kernel behind the filter', () => {
  const fixture = fileURLToPath(new URL('../../fixtures/configs/docker-run.json', import.meta.url));
  const { linux } = JSON.parse(readFileSync(fixture, 'utf8')) as { readonly linux: { readonly seccomp: object } };
  // unshare, fsopen, fsconfig, fsmount, mount, keyctl, bpf, userfaultfd: what such exploits begin with.
  const CALLS = `
    my %calls = (unshare => [272, 0x10000000], fsopen => [430, 0, 0], fsconfig => [431, 0, 0, 0, 0, 0], fsmount => [432, 0, 0, 0],
      mount => [165, 0, 0, 0, 0, 0], keyctl => [250, 0, 0], bpf => [321, 0, 0, 0], userfaultfd => [323, 0]);
    for my $name (sort keys %calls) {
      my $result = syscall($calls{$name}[0], @{$calls{$name}}[1 .. $#{$calls{$name}}]);
      print "$name ", ($result < 0 ? "$!" : 'done'), "\\n";
    }`;

  it('CVE-2022-0185: the filter of engines keeps a container from what such exploits begin with', (context) => {
    if (process.arch !== 'x64') context.skip('the numbers of the system calls are those of x86-64');
    const bundle = oci.bundle({ args: ['/usr/bin/perl', '/calls.pl'], linux: { seccomp: linux.seccomp } });
    writeFileSync(join(bundle.rootfs, 'calls.pl'), CALLS);
    const said = oci.ok('run', '--bundle', bundle.directory, bundle.id);
    expect(said.trimEnd().split('\n')).toEqual(
      ['bpf', 'fsconfig', 'fsmount', 'fsopen', 'keyctl', 'mount', 'unshare', 'userfaultfd'].map(
        (name) => `${name} Operation not permitted`,
      ),
    );
  });

  it('CVE-2022-0185: user namespaces in a container can be forbidden by a limit, too', () => {
    const bundle = oci.bundle({
      script: 'unshare -U true 2>&1; cat /proc/sys/user/max_user_namespaces',
      namespaces: ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'],
      linux: {
        uidMappings: [{ containerID: 0, hostID: 700_000, size: 65_536 }],
        gidMappings: [{ containerID: 0, hostID: 700_000, size: 65_536 }],
        sysctl: { 'user.max_user_namespaces': '0' },
      },
    });
    chownSync(bundle.rootfs, 700_000, 700_000);
    const { code, stdout, stderr } = oci.call('run', '--bundle', bundle.directory, bundle.id);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/unshare.*: No space left on device\n0\n$/);
  });
});

describe('cgroups', () => {
  const TRY = `
    for d in $(find /sys/fs/cgroup -type d 2>/dev/null | head -200); do
      mkdir $d/corral-made 2>/dev/null && { echo "made $d/corral-made"; rmdir $d/corral-made; }
      for f in release_agent cgroup.kill notify_on_release; do
        test -e $d/$f && { echo 0 > $d/$f; } 2>/dev/null && echo "wrote $d/$f"
      done
    done; true`;
  const SYS = { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] };
  const CGROUP = {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  };

  it.for([
    ['with a cgroup namespace', ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup']],
    ['without one', ['mount', 'pid', 'ipc', 'uts', 'network']],
  ] as const)('CVE-2022-0492, CVE-2023-25809: %s, none of them can be written', ([, namespaces]) => {
    const { id, directory } = oci.bundle({ script: TRY, namespaces, mounts: [...OCI_MOUNTS, SYS, CGROUP] });
    expect(oci.call('run', '--bundle', directory, id)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('CVE-2023-25809: nor where the host’s /sys is shown read-only with all that is in it', () => {
    const mounts = [
      ...OCI_MOUNTS,
      { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'rro'] },
    ];
    const { id, directory } = oci.bundle({ script: TRY, mounts });
    expect(oci.call('run', '--bundle', directory, id)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('an image that leads elsewhere, by the engine’s way', () => {
  it.for([
    [
      'CVE-2019-16884',
      'proc',
      undefined,
      { destination: '/proc', type: 'bind', source: '/var/tmp', options: ['rbind'] },
    ],
    ['CVE-2019-19921, CVE-2023-27561, CVE-2023-28642', 'proc', '/evil', undefined],
    ['CVE-2025-31133', 'dev/null', '/proc/sys/kernel/core_pattern', undefined],
    ['CVE-2025-52565', 'dev/console', '/proc/sys/kernel/core_pattern', undefined],
    ['CVE-2025-52881', 'proc', undefined, undefined],
  ] as const)('%s: there is no container of it', ([name, path, target, mount]) => {
    const isTerminal = name === 'CVE-2025-52565';
    const [proc, ...others] = OCI_MOUNTS;
    // Those that put a tmpfs over /dev cover what the image has there.
    const rest = others.filter(({ destination }) => destination !== '/dev');
    const mounts = name === 'CVE-2025-52881' ? rest : [mount ?? proc ?? {}, ...rest];
    const bundle = oci.bundle({
      mounts: [...mounts],
      process: { terminal: isTerminal },
      linux: name === 'CVE-2025-52881' ? { sysctl: { 'net.ipv4.ip_forward': '1' } } : {},
    });
    if (target !== undefined) {
      mkdirSync(join(bundle.rootfs, path, '..'), { recursive: true });
      symlinkSync(target, join(bundle.rootfs, path));
    }
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const { code } = oci.call('run', '--bundle', bundle.directory, bundle.id);
    expect(code).toBe(1);
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(before);
    oci.refuses(['state', bundle.id], 'container does not exist');
  });

  it('CVE-2021-30465, CVE-2024-45310: what is mounted on a link stays inside', () => {
    const victim = oci.lab.directory();
    const bundle = oci.bundle({
      script: `ls ${victim}/made > /dev/null && echo inside`,
      mounts: [...OCI_MOUNTS, { destination: '/data/made', type: 'tmpfs', source: 'tmpfs' }],
    });
    symlinkSync(victim, join(bundle.rootfs, 'data'));
    expect(oci.ok('run', '--bundle', bundle.directory, bundle.id)).toBe('inside\n');
    expect(readdirSync(victim)).toEqual([]);
  });
});
