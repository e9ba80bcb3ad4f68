import { execFileSync } from 'node:child_process';
import { closeSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CORRAL_OCI, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

// What a container’s process could find on it: a terminal, capabilities, descriptors of the host.

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true, programs: ['perl'] });
});

const IDLE = { script: 'exec sleep 1000' };

describe('the terminal of the caller', () => {
  const STUFF = `
    open my $tty, '<', '/dev/tty' and print "has a terminal\\n";
    my $char = 'x';
    print ioctl(STDIN, 0x5412, $char) ? "typed\\n" : "refused\\n";
    print((split ' ', (split /\\)/, \`cat /proc/self/stat\`)[-1])[4], "\\n");`;

  it.for(['run', 'exec'])('CVE-2017-5226: %s without a terminal has none that it could type into', (verb, context) => {
    requires(context, { programs: ['script'] });
    const bundle = oci.bundle(verb === 'run' ? { args: ['/usr/bin/perl', '/stuff.pl'] } : IDLE);
    writeFileSync(join(bundle.rootfs, 'stuff.pl'), STUFF);
    const words = ['--bundle', bundle.directory, bundle.id];
    if (verb === 'exec') oci.ok('run', '--detach', ...words);
    const call = verb === 'run' ? ['run', ...words] : ['exec', bundle.id, 'perl', '/stuff.pl'];
    const command = [process.execPath, CORRAL_OCI, '--root', oci.root, ...call].join(' ');
    // It gives the caller a terminal that controls it.
    const said = execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', input: '' });
    expect(
      said
        .replaceAll('\r', '')
        .split('\n')
        .filter((line) => /^(has|typed|refused|-?\d+)/.test(line)),
    ).toEqual(['refused', '0']);
  });
});

describe('capabilities', () => {
  const SETS = 'sed -n "s/^Cap\\(Inh\\|Amb\\):\\t//p" /proc/self/status';

  it('CVE-2022-27650, CVE-2022-29162: none is inheritable unless it was asked for', () => {
    const none = '0000000000000000\n0000000000000000\n';
    const { id, created } = oci.start({ script: `${SETS}; exec sleep 1000`, process: { noNewPrivileges: false } });
    const process = join(oci.lab.directory(), 'process.json');
    const capabilities = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
    writeFileSync(process, JSON.stringify({ args: ['sh', '-c', SETS], cwd: '/', env: ['PATH=/bin'], capabilities }));
    expect(oci.ok('exec', id, 'sh', '-c', SETS)).toBe(none);
    expect(oci.ok('exec', '--cap', 'CAP_KILL', id, 'sh', '-c', SETS)).toBe(none);
    expect(oci.ok('exec', '--cap', 'CAP_KILL', '--user', '7', id, 'sh', '-c', SETS)).toBe(none);
    expect(oci.ok('exec', '--process', process, id)).toBe(none);
    expect(created.said()).toBe(none);
  });

  it.for(['1x', '0x0', '', ' 0', '1e3', '+0', '-0', '4294967295', '0:', ':0', '0:0x'])(
    'CVE-2026-30892: %j is no number of a user',
    (user) => {
      const { id } = oci.start(IDLE);
      oci.refuses(['exec', `--user=${user}`, id, 'id'], /user: /, 255);
    },
  );
});

describe('descriptors and working directories', () => {
  it('CVE-2024-21626: no descriptor of the host is there to go to', () => {
    const marker = join(oci.lab.directory(), 'marker');
    writeFileSync(marker, '');
    const root = openSync('/', 'r');
    const script = `ls ..${marker} ../../../..${marker} .${marker} 2>/dev/null; ls /proc/self/fd | tr '\\n' ' '`;
    try {
      for (let fd = 3; fd < 24; fd++) {
        const { id, directory } = oci.bundle({ script, process: { cwd: `/proc/self/fd/${String(fd)}` } });
        const { code, stdout, stderr } = oci.callWith({ fds: [root, root] }, 'run', '--bundle', directory, id);
        if (code === 0) expect(stdout).toBe('0 1 2 3 ');
        else expect(stderr).toMatch(/chdir to cwd|possible container breakout|directory .*: E/);
        expect(stdout).not.toContain('marker');
      }
    } finally {
      closeSync(root);
    }
  });

  it('CVE-2024-21626: of exec, neither', () => {
    const marker = join(oci.lab.directory(), 'marker');
    writeFileSync(marker, '');
    const bundle = oci.start(IDLE);
    for (let fd = 3; fd < 12; fd++) symlinkSync(`/proc/self/fd/${String(fd)}`, join(bundle.rootfs, `cwd${String(fd)}`));
    const root = openSync('/', 'r');
    try {
      for (let fd = 3; fd < 12; fd++) {
        for (const cwd of [`/proc/self/fd/${String(fd)}`, `/cwd${String(fd)}`, `/proc/self/fd/${String(fd)}/../..`]) {
          const script = `ls ..${marker} ../../../..${marker} .${marker} 2>/dev/null; true`;
          const words = ['exec', '--cwd', cwd, bundle.id, 'sh', '-c', script];
          const { code, stdout } = oci.callWith({ fds: [root, root] }, ...words);
          expect(stdout).toBe('');
          expect([0, 255]).toContain(code);
        }
      }
    } finally {
      closeSync(root);
    }
  }, 120_000);
});
