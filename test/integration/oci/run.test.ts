import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { listCgroups } from '../../helpers/leaks.js';
import { CORRAL_OCI, makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

describe('run', () => {
  it.for([
    ['exit 0', 0],
    ['exit 7', 7],
    ['exit 255', 255],
    ['kill -9 $$', 137],
    ['kill -SEGV $$', 139],
  ] as const)('ends with what its process ends with: %s', ([script, code]) => {
    // A first process has only the signals that it handles; SIGKILL of itself is none of them.
    const { id, directory } = oci.bundle({ script: `sh -c '${script}'; exit $?` });
    const called = oci.call('run', '--bundle', directory, id);
    expect(called.code).toBe(code);
    oci.refuses(['state', id], 'container does not exist');
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  });

  it('ends with 128 and the signal that has ended its process', async () => {
    const { id, directory } = oci.bundle({ script: 'echo ready; exec sleep 1000' });
    const running = oci.begin({}, 'run', '--bundle', directory, id);
    await until(() => running.said() === 'ready\n', 'its readiness');
    oci.ok('kill', id, 'KILL');
    expect(await running.ended).toMatchObject({ code: 137, stderr: '' });
    oci.refuses(['state', id], 'container does not exist');
  });

  it('has the streams of its caller', () => {
    const { id, directory } = oci.bundle({ script: 'read x; echo out $x; echo err $x >&2' });
    const called = oci.callWith({ input: 'words\n' }, 'run', '--bundle', directory, id);
    expect(called).toMatchObject({ code: 0, stdout: 'out words\n', stderr: 'err words\n' });
  });

  it('takes the working directory for the bundle', () => {
    const { id, directory } = oci.bundle({ script: 'echo here' });
    expect(oci.callWith({ cwd: directory }, 'run', id)).toMatchObject({ code: 0, stdout: 'here\n' });
  });

  it.for(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    'hands %s on',
    async (signal, context) => {
      requires(context, { programs: ['perl'] });
      const script = `exec perl -e '$| = 1; $SIG{${signal.slice(3)}} = sub { print "got\n"; exit 9 }; print "ready\n"; sleep 1 while 1'`;
      const { id, directory } = oci.bundle({ script });
      const running = oci.begin({}, 'run', '--bundle', directory, id);
      await until(() => running.said() === 'ready\n', 'its readiness');
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ code: 9, stdout: 'ready\ngot\n' });
    },
  );

  it('goes on alone when it is detached', async () => {
    const { id, directory } = oci.bundle({ script: 'echo ready; exec sleep 1000' });
    const called = oci.call('run', '--detach', '--bundle', directory, id);
    expect(called).toMatchObject({ code: 0, stderr: '' });
    expect(oci.status(id)).toBe('running');
    await until(() => called.said() === 'ready\n', 'its first word');
  });

  it('may be kept', () => {
    const { id, directory } = oci.bundle({ script: 'exit 4' });
    expect(oci.call('run', '--keep', '--bundle', directory, id).code).toBe(4);
    expect(oci.status(id)).toBe('stopped');
    oci.ok('delete', id);
  });

  it('kills what its process has left when it has ended', () => {
    const { id, directory } = oci.bundle({
      script: 'setsid sleep 1000 & exit 0',
      namespaces: ['mount', 'ipc', 'uts', 'network', 'cgroup'],
    });
    expect(oci.call('run', '--bundle', directory, id).code).toBe(0);
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  });

  it.for([
    [['/no/such'], /exec: "\/no\/such": stat \/no\/such: no such file or directory/],
    [['no-such'], /exec: "no-such": executable file not found in \$PATH/],
    [['/etc'], /exec: "\/etc": (permission denied|stat \/etc: .*)/],
  ] as const)('has %s not to run, and leaves nothing', ([args, words]) => {
    const { id, directory } = oci.bundle({ args });
    oci.refuses(['run', '--bundle', directory, id], words);
    oci.refuses(['create', '--bundle', directory, id], words);
    oci.refuses(['state', id], 'container does not exist');
  });

  // The specification asks for the semantics of execvp(3).
  it('gives a script that does not say whose it is to the shell', () => {
    const made = oci.bundle({ args: ['/program', 'word'] });
    writeFileSync(join(made.rootfs, 'program'), 'echo $1\n', { mode: 0o755 });
    expect(oci.ok('run', '--bundle', made.directory, made.id)).toBe('word\n');
  });
});

describe('--pid-file', () => {
  it.for(['create', 'run --detach'])('of %s has the id of the first process, and nothing else', (words) => {
    const { id, directory } = oci.bundle({ script: 'exec sleep 1000' });
    const file = join(oci.lab.directory(), 'pid');
    oci.ok(...words.split(' '), '--pid-file', file, '--bundle', directory, id);
    expect(readFileSync(file, 'utf8')).toBe(String(oci.pid(id)));
  });

  it('that cannot be written is an error, and leaves nothing', () => {
    const { id, directory } = oci.bundle({ script: 'exec sleep 1000' });
    const file = join(oci.lab.directory(), 'missing', 'pid');
    oci.refuses(['create', '--pid-file', file, '--bundle', directory, id], /ENOENT/);
    oci.refuses(['state', id], 'container does not exist');
    expect(listCgroups(oci.lab.cgroupParent)).toEqual([]);
  });
});

describe('--preserve-fds', () => {
  const list = 'ls /proc/self/fd | tr "\\n" " "; cat <&4';

  it('hands on as many, and no more', () => {
    const file = join(oci.lab.directory(), 'file');
    writeFileSync(file, 'content\n');
    const fds = [0, 1, 2].map(() => openSync(file, 'r'));
    try {
      const { id, directory } = oci.bundle({ script: list });
      const called = oci.callWith({ fds }, 'run', '--preserve-fds', '2', '--bundle', directory, id);
      // `ls` has one of its own for the directory.
      expect(called).toMatchObject({ code: 0, stdout: '0 1 2 3 4 5 content\n' });
    } finally {
      fds.forEach(closeSync);
    }
  });

  it('without it nothing from 3 on is open', () => {
    const fd = openSync('/', 'r');
    try {
      const { id, directory } = oci.bundle({ script: 'ls /proc/self/fd | tr "\\n" " "' });
      expect(oci.callWith({ fds: [fd, fd] }, 'run', '--bundle', directory, id).stdout).toBe('0 1 2 3 ');
    } finally {
      closeSync(fd);
    }
  });

  it('of what is not open is an error that says so', () => {
    const { id, directory } = oci.bundle();
    oci.refuses(['run', '--preserve-fds', '900', '--bundle', directory, id], /preserve|descriptor/);
    oci.refuses(['state', id], 'container does not exist');
  });

  it.for(['-1', 'x', '1.5', '99999'])('%s is no number of descriptors', (count) => {
    const { id, directory } = oci.bundle();
    oci.refuses(['run', '--bundle', directory, `--preserve-fds=${count}`, id], /is not a number of descriptors/);
  });

  it('of sockets of systemd, what is meant for another process stays here', () => {
    const fd = openSync('/dev/null', 'r');
    try {
      const { id, directory } = oci.bundle({ script: 'echo $LISTEN_FDS; ls /proc/self/fd | tr "\\n" " "' });
      const options = { fds: [fd], env: { LISTEN_FDS: '1', LISTEN_PID: '1' } };
      expect(oci.callWith(options, 'run', '--bundle', directory, id).stdout).toBe('\n0 1 2 3 ');
    } finally {
      closeSync(fd);
    }
  });

  it('sockets of systemd come first, with the variables that say so', () => {
    const fd = openSync('/dev/null', 'r');
    try {
      const script = 'echo $LISTEN_FDS $LISTEN_PID; readlink /proc/self/fd/3; ls /proc/self/fd | tr "\\n" " "';
      const { id, directory } = oci.bundle({ script });
      const run = 'LISTEN_PID=$$ exec "$0" "$@"';
      const words = [process.execPath, CORRAL_OCI, '--root', oci.root, 'run', '--bundle', directory, id];
      const { stdout } = spawnSync('sh', ['-c', run, ...words], {
        env: { PATH: process.env['PATH'], LISTEN_FDS: '1' },
        stdio: ['ignore', 'pipe', 'inherit', fd],
        encoding: 'utf8',
      });
      expect(stdout).toBe('1 1\n/dev/null\n0 1 2 3 4 ');
    } finally {
      closeSync(fd);
    }
  });
});
