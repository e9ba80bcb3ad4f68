import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { makeOci } from '../../helpers/oci.js';
import { requires } from '../../helpers/requires.js';

const oci = makeOci();

beforeEach((context) => {
  requires(context, { root: true, cgroup2: true });
});

const IDLE = { script: 'exec sleep 1000' };
const STATUS = 'sed -n "s/^\\(Uid\\|Gid\\|Groups\\|CapEff\\|NoNewPrivs\\):\\t//p" /proc/self/status';

describe('exec', () => {
  it('runs a command in the container’s namespaces and cgroup, with the streams of its caller', () => {
    const { id } = oci.start(IDLE);
    const script = 'readlink /proc/self/ns/pid /proc/1/ns/pid; cat; echo err >&2; tail -1 /proc/self/cgroup';
    const called = oci.callWith({ input: 'in\n' }, 'exec', id, 'sh', '-c', script);
    expect(called).toMatchObject({ code: 0, stderr: 'err\n' });
    const [own, first, ...rest] = called.stdout.trimEnd().split('\n');
    expect(own).toBe(first);
    expect(rest).toEqual(['in', '0::/']);
  });

  it.for([
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 254', 254],
    ['kill -9 $$', 137],
    ['kill -TERM $$', 143],
  ] as const)('ends with what its process ends with: %s', ([script, code]) => {
    const { id } = oci.start(IDLE);
    expect(oci.call('exec', id, 'sh', '-c', script)).toMatchObject({ code, stderr: '' });
    expect(oci.status(id)).toBe('running');
  });

  it.for([
    [['/no/such'], /exec: "\/no\/such": stat \/no\/such: no such file or directory/],
    [['no-such'], /exec: "no-such": executable file not found in \$PATH/],
    [['/etc'], /exec: "\/etc": /],
    [['--cwd', '/no/such', 'true'], /chdir to cwd \("\/no\/such"\)|no such file or directory/],
    [['--user', 'root', 'true'], /user: "root" is not a number/],
    [['--user', '1:2:3', 'true'], /user: "1:2:3" is not of the form UID or UID:GID/],
    [['--user', '4294967295', 'true'], /user: "4294967295" is not a number/],
    [['--additional-gids', 'x', 'true'], /additional-gids: "x" is not a number/],
    [['--cap', 'CAP_FLY', 'true'], /CAP_FLY/],
    [['--env', 'novalue', 'true'], /novalue/],
    [['--process', '/no/such', 'x'], /\/no\/such: no such file or directory/],
    [['--tty', '--detach', 'true'], /cannot allocate tty if runc will detach/],
    [['--console-socket', '/x', 'true'], /cannot use console socket/],
    [['--console-socket', '/x', '--tty', 'true'], /cannot use console socket/],
  ] as const)('fails with 255: %j', ([words, message]) => {
    const { id } = oci.start(IDLE);
    const own = words.filter((word) => word.startsWith('-')).length > 0;
    const at = own ? words.length - 1 : 0;
    oci.refuses(['exec', ...words.slice(0, at), id, ...words.slice(at)], message, 255);
  });

  it('without a command fails with 255', () => {
    const { id } = oci.start(IDLE);
    oci.refuses(['exec', id], /command/, 255);
  });

  it('waits for the start, too', () => {
    const { id, created } = oci.create({ script: 'echo never' });
    expect(oci.ok('exec', id, 'echo', 'beside')).toBe('beside\n');
    expect(created.said()).toBe('');
  });

  it('hands signals on', async (context) => {
    requires(context, { programs: ['perl'] });
    const { id } = oci.start(IDLE);
    const script = '$| = 1; $SIG{TERM} = sub { print "got\n"; exit 9 }; print "ready\n"; sleep 1 while 1';
    const running = oci.begin({}, 'exec', id, 'perl', '-e', script);
    await until(() => running.said() === 'ready\n', 'its readiness');
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 9, stdout: 'ready\ngot\n' });
  });
});

describe('flags of exec', () => {
  it('--user, --additional-gids', () => {
    const { id } = oci.start(IDLE);
    const words = ['--user', '1000:1001', '-g', '5', '--additional-gids', '6'];
    const [uid, gid, groups] = oci.ok('exec', ...words, id, 'sh', '-c', STATUS).split('\n');
    expect([uid, gid, groups?.trim()]).toEqual(['1000\t1000\t1000\t1000', '1001\t1001\t1001\t1001', '5 6']);
    expect(oci.ok('exec', '--user', '7', id, 'id', '-u')).toBe('7\n');
    expect(oci.ok('exec', '-u', '7', id, 'id', '-g')).toBe('0\n');
  });

  it('--cwd, --env', () => {
    const { id } = oci.start({ ...IDLE, process: { env: ['PATH=/bin:/usr/bin', 'A=of the container'] } });
    const words = ['--cwd', '/tmp', '--env', 'A=mine', '-e', 'B=x=y'];
    expect(oci.ok('exec', ...words, id, 'sh', '-c', 'pwd; echo $A $B')).toBe('/tmp\nmine x=y\n');
    expect(oci.ok('exec', id, 'sh', '-c', 'pwd; echo $A')).toBe('/\nof the container\n');
  });

  it('--cap adds a capability, as far as the container may have it', () => {
    const capabilities = { bounding: ['CAP_KILL', 'CAP_CHOWN'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] };
    const { id } = oci.start({ ...IDLE, process: { capabilities } });
    const effective = (...words: readonly string[]): string =>
      oci.ok('exec', ...words, id, 'sed', '-n', 's/^CapEff:\\t//p', '/proc/self/status').trim();
    expect(BigInt(`0x${effective()}`)).toBe(1n << 5n);
    expect(BigInt(`0x${effective('--cap', 'CAP_CHOWN')}`)).toBe((1n << 5n) | 1n);
  });

  it('--no-new-privs', () => {
    const { id } = oci.start({ ...IDLE, process: { noNewPrivileges: false } });
    const get = ['sed', '-n', 's/^NoNewPrivs:\\t//p', '/proc/self/status'];
    expect(oci.ok('exec', id, ...get)).toBe('0\n');
    expect(oci.ok('exec', '--no-new-privs', id, ...get)).toBe('1\n');
  });

  it('--apparmor of a host that has none is an error that says so', (context) => {
    if (['/sys/module/apparmor', '/sys/fs/selinux'].some((path) => existsSync(path)))
      context.skip('this host has labels');
    const { id } = oci.start(IDLE);
    oci.refuses(['exec', '--apparmor', 'docker-default', id, 'true'], /apparmor/i, 255);
    oci.refuses(['exec', '--process-label', 'system_u:a:b:s0', id, 'true'], /selinux/i, 255);
  });

  it('--detach, --pid-file', async () => {
    const { id } = oci.start(IDLE);
    const file = join(oci.lab.directory(), 'pid');
    const called = oci.call('exec', '-d', '--pid-file', file, id, 'sh', '-c', 'echo ready; exec sleep 1000');
    expect(called).toMatchObject({ code: 0, stderr: '' });
    const pids = JSON.parse(oci.ok('ps', '--format', 'json', id)) as readonly number[];
    expect(pids).toContain(Number(readFileSync(file, 'utf8')));
    await until(() => called.said() === 'ready\n', 'its first word');
  });

  it('--preserve-fds', () => {
    const { id } = oci.start(IDLE);
    const file = join(oci.lab.directory(), 'file');
    writeFileSync(file, 'content\n');
    const fd = openSync(file, 'r');
    try {
      const words = ['exec', '--preserve-fds', '1', id, 'sh', '-c', 'cat <&3; ls /proc/self/fd | tr "\\n" " "'];
      expect(oci.callWith({ fds: [fd, fd] }, ...words).stdout).toBe('content\n0 1 2 3 4 ');
      const without = ['exec', id, 'sh', '-c', 'ls /proc/self/fd | tr "\\n" " "'];
      expect(oci.callWith({ fds: [fd, fd] }, ...without).stdout).toBe('0 1 2 3 ');
    } finally {
      closeSync(fd);
    }
  });

  it('those of the command are its own', () => {
    const { id } = oci.start(IDLE);
    expect(oci.ok('exec', id, 'sh', '-c', 'echo "$0 $*"', '--detach', '-t', '--', 'x')).toBe('--detach -t -- x\n');
  });
});

describe('exec --process', () => {
  const write = (content: unknown): string => {
    const file = join(oci.lab.directory(), 'process.json');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };

  it('says all of a process', () => {
    const { id } = oci.start(IDLE);
    const file = write({
      args: ['sh', '-c', `pwd; echo $X; umask; ulimit -n; ${STATUS}`],
      cwd: '/tmp',
      env: ['PATH=/usr/bin:/bin', 'X=y'],
      user: { uid: 3, gid: 4, additionalGids: [9], umask: 0o077 },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 99, hard: 100 }],
      capabilities: { bounding: [], effective: [], permitted: [] },
      noNewPrivileges: true,
    });
    const { code, stdout, stderr } = oci.call('exec', '--process', file, id);
    expect(stderr).toBe('');
    expect(stdout.split('\n').map((line) => line.trim())).toEqual([
      '/tmp',
      'y',
      '0077',
      '99',
      '3\t3\t3\t3',
      '4\t4\t4\t4',
      '9',
      '0000000000000000',
      '1',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('detached, as engines have it', async () => {
    const { id } = oci.start(IDLE);
    const directory = oci.lab.directory();
    const file = write({ args: ['sh', '-c', 'echo ready; exec sleep 1000'], cwd: '/', env: ['PATH=/usr/bin:/bin'] });
    const pidFile = join(directory, 'pid');
    const called = oci.call('exec', '--pid-file', pidFile, '--process', file, '--detach', id);
    expect(called).toMatchObject({ code: 0, stderr: '' });
    await until(() => called.said() === 'ready\n', 'its first word');
    expect(JSON.parse(oci.ok('ps', '--format', 'json', id))).toContain(Number(readFileSync(pidFile, 'utf8')));
  });

  it.for([
    ['no JSON', '{', /JSON/],
    ['no object', [], /is not an object/],
    ['without a command', { cwd: '/' }, /\/args/],
    ['without a working directory', { args: ['true'] }, /\/cwd/],
    ['of a program that is not there', { args: ['nope'], cwd: '/' }, /"nope": executable file not found in \$PATH/],
  ] as const)('%s fails with 255', ([, content, words]) => {
    const { id } = oci.start(IDLE);
    oci.refuses(['exec', '--process', write(content), id], words, 255);
  });
});
