import { createHash } from 'node:crypto';
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { FdReceiver } from '../../helpers/fd-receiver.js';
import { until } from '../../helpers/lab.js';
import { type Bundle, CORRAL_OCI, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

// What is done to the runtime itself where it is inside a container: by one that is entered, or by its image.

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true, programs: ['perl'] });
});

const INIT = fileURLToPath(new URL('../../../build/Release/corral-init', import.meta.url));

/** A program for perl, in the container's root file system. */
function addPerl(bundle: Bundle, name: string, program: string): void {
  writeFileSync(join(bundle.rootfs, name), program);
}

/**
 * Looks at each process that comes, as soon as it can and until it may: by its executable, its descriptors and as a tracer. Says
 * what it has got hold of.
 */
const WATCHER = `
  $| = 1; print "watching\\n";
  my %done;
  for (;;) {
    opendir my $proc, '/proc' or die;
    for my $pid (grep { /^\\d+$/ && $_ != 1 && $_ != $$ && !$done{$_} } readdir $proc) {
      my $exe = readlink "/proc/$pid/exe";
      my $seized = syscall(101, 0x4206, $pid + 0, 0, 0) == 0;
      next unless defined $exe || $seized;
      my $then = readlink "/proc/$pid/exe";
      opendir my $fds, "/proc/$pid/fd" or next;
      my @got = grep { defined } map { readlink "/proc/$pid/fd/$_" } grep { /^\\d+$/ && $_ > 2 } readdir $fds;
      if ($seized) { syscall(101, 0x4207, $pid + 0, 0, 0); waitpid $pid, 0x40000000; syscall(101, 17, $pid + 0, 0, 0) }
      $done{$pid} = 1;
      $exe //= $then // '?';
      print "got $exe @got\\n";
    }
  }`;

const PTRACE = ['CAP_SYS_PTRACE', 'CAP_KILL', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH'];

describe('the runtime inside', () => {
  const IDS = [{ containerID: 0, hostID: 700_000, size: 65_536 }];

  it.for([
    ['with the capabilities of engines', {}],
    [
      'with ptrace, in a user namespace',
      {
        process: { capabilities: { bounding: PTRACE, effective: PTRACE, permitted: PTRACE } },
        namespaces: ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'],
        linux: { uidMappings: IDS, gidMappings: IDS },
      },
    ],
  ] as const)('CVE-2016-9962: a container %s sees nothing of those who enter it', async ([, wish]) => {
    const bundle = oci.bundle({ ...wish, args: ['/usr/bin/perl', '/watch.pl'] });
    addPerl(bundle, 'watch.pl', WATCHER);
    if ('namespaces' in wish) chownSync(bundle.rootfs, 700_000, 700_000);
    const called = oci.call('run', '--detach', '--bundle', bundle.directory, bundle.id);
    expect(called).toMatchObject({ code: 0, stderr: '' });
    await until(() => called.said().includes('watching'), 'the watcher');
    const secret = openSync('/', 'r');
    try {
      for (let round = 0; round < 8; round++) {
        oci.callWith({ fds: [secret] }, 'exec', bundle.id, 'sleep', '0.1');
      }
    } finally {
      closeSync(secret);
    }
    const got = called
      .said()
      .split('\n')
      .filter((line) => line.startsWith('got'));
    // The watcher is no fool: what runs in the container it does see.
    expect(got.some((line) => line.includes('sleep'))).toBe(true);
    // What it has open itself, and nothing that it came with.
    for (const line of got) expect(line).toMatch(/^got \/usr\/bin\/\w+( \/(usr|lib|etc)\/\S*)* ?$/);
  });

  it('CVE-2019-5736: its executable is a copy that nobody can write', async () => {
    const bundle = oci.bundle({ args: ['/usr/bin/perl', '/watch.pl'] });
    // Opens the executable of each process that comes, and writes to it once it has ended.
    addPerl(
      bundle,
      'watch.pl',
      `$| = 1; print "watching\\n";
       my %held;
       sub write_to {
         open(my $out, '+<', $_[0]) or return "$!";
         return defined syswrite($out, 'x') ? 'written' : "$!";
       }
       for (;;) {
         opendir my $proc, '/proc' or die;
         for my $pid (grep { /^\\d+$/ && $_ != 1 && $_ != $$ && !$held{$_} } readdir $proc) {
           next unless open my $exe, '<', "/proc/$pid/exe";
           $held{$pid} = $exe;
           my $name = readlink "/proc/$pid/exe";
           print "opened ", $name // '?', "\\n";
           print "at once: ", write_to("/proc/$pid/exe"), "\\n";
         }
         for my $pid (keys %held) {
           next if -d "/proc/$pid" || $held{$pid} == 1;
           my $path = '/proc/self/fd/' . fileno $held{$pid};
           print "later: ", write_to($path), "\\n";
           $held{$pid} = 1;
         }
       }`,
    );
    // What the attack is named after: the runtime is led to execute itself.
    writeFileSync(join(bundle.rootfs, 'evil'), '#!/proc/self/exe\n', { mode: 0o755 });
    symlinkSync('/proc/self/exe', join(bundle.rootfs, 'link'));
    const files = [INIT, CORRAL_OCI, process.execPath];
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    const before = files.map(hash);
    const called = oci.call('run', '--detach', '--bundle', bundle.directory, bundle.id);
    await until(() => called.said().includes('watching'), 'the watcher');
    for (let round = 0; round < 5; round++) {
      for (const program of ['/evil', '/link', '/proc/self/exe']) oci.call('exec', bundle.id, program);
    }
    oci.ok('exec', bundle.id, 'sleep', '0.1');
    await until(() => /^later: /m.test(called.said()), 'a try');
    const said = called.said();
    // Programs of the host are mounted read-only; corral-init is in sealed memory.
    expect(said).not.toContain('written');
    expect(said).toMatch(/^opened \/memfd:corral-init/m);
    expect(said).toMatch(
      /^(at once|later): (Text file busy|Operation not permitted|Read-only file system|Permission denied)$/m,
    );
    expect(files.map(hash)).toEqual(before);
    expect(oci.ok('exec', bundle.id, 'echo', 'well')).toBe('well\n');
  });

  it('CVE-2019-14271: loads nothing from the container', () => {
    const directory = oci.lab.directory();
    const bundle = oci.bundle({
      script: 'true',
      process: {
        env: ['PATH=/bin:/usr/bin', 'LD_PRELOAD=/evil.so', 'LD_LIBRARY_PATH=/', 'NODE_OPTIONS=--require=/evil.js'],
        user: { uid: 5, gid: 5 },
      },
      hooks: {
        createContainer: [{ path: '/bin/sh', args: ['sh', '-c', `env > ${directory}/env`] }],
      },
    });
    mkdirSync(join(bundle.rootfs, 'etc'));
    writeFileSync(join(bundle.rootfs, 'etc/ld.so.preload'), '/evil.so\n');
    writeFileSync(join(bundle.rootfs, 'etc/nsswitch.conf'), 'passwd: evil\ngroup: evil\n');
    writeFileSync(join(bundle.rootfs, 'etc/passwd'), 'evil:x:0:0::/:/bin/sh\n');
    writeFileSync(join(bundle.rootfs, 'evil.so'), 'not even a library');
    oci.ok('create', '--bundle', bundle.directory, bundle.id);
    const maps = readFileSync(`/proc/${String(oci.pid(bundle.id))}/maps`, 'utf8');
    const mapped = maps.split('\n').flatMap((line) => /^(?:\S+ +){5}(\S.*)$/.exec(line)?.[1] ?? []);
    const files = new Set(mapped.filter((name) => !name.startsWith('[')));
    expect(files.size).toBeGreaterThan(0);
    // A program of its own, linked statically, and the page that it reports in.
    for (const file of files) expect(file).toMatch(/^\/memfd:corral-|\.report|^\/dev\/zero/);
    expect(readFileSync(join(directory, 'env'), 'utf8')).not.toContain('evil');
    const program = readFileSync(INIT);
    expect(program.includes('/lib64/ld-linux') || program.includes('/lib/ld-')).toBe(false);
  });

  it('CVE-2020-15257: has no socket that a container on the host’s network could find', async () => {
    await using receiver = await FdReceiver.listen(oci.lab.directory());
    const { id, directory } = oci.bundle({
      script: 'cat /proc/net/unix; echo end; sleep 1000',
      namespaces: ['mount', 'pid', 'ipc', 'uts', 'cgroup'],
    });
    const running = oci.begin({}, 'run', '--pidfd-socket', receiver.path, '--bundle', directory, id);
    const { fds } = await receiver.receive();
    fds.forEach(closeSync);
    await until(() => running.said().includes('end\n'), 'the list');
    const pids = [running.child.pid ?? 0, oci.pid(id)];
    const inodes = pids.flatMap((pid) =>
      readdirSync(`/proc/${String(pid)}/fd`).flatMap(
        (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${String(pid)}/fd/${fd}`))?.[1] ?? [],
      ),
    );
    const named = running
      .said()
      .split('\n')
      .map((line) => line.trim().split(/ +/))
      .filter(([, , , , , , inode = '', name]) => name !== undefined && inodes.includes(inode));
    expect(named).toEqual([]);
    oci.ok('kill', id, 'KILL');
    await running.ended;
  });
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
