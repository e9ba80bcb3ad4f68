import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeLab, untilSays } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';

const lab = makeLab();

const sh = (script: string): readonly string[] => ['sh', '-c', script];

describe('the process', () => {
  it('is the user that was asked for, by name or number, with the groups', async (context) => {
    requires(context, { root: true });
    const ids = sh('echo $(id -u):$(id -g):$(id -G):$HOME');
    expect(await lab.run(ids)).toMatchObject({ stdout: '0:0:0:/root\n' });
    expect(await lab.run(ids, { user: 'daemon:games', groups: ['audio', '1234'] })).toMatchObject({
      stdout: '1:60:60 29 1234:/usr/sbin\n',
    });
    expect(await lab.run(ids, { user: '1234:4321' })).toMatchObject({ stdout: '1234:4321:4321:/\n' });
  });

  it('as a user that nobody knows is refused', async () => {
    await expect(lab.spawn(['true'], { user: 'no-such-user' })).rejects.toMatchObject({
      code: 'ERR_OPTION',
      option: 'user',
    });
  });

  it('has the umask, the limits, the directory and the variables that were asked for', async () => {
    const options = { umask: 0o077, ulimits: ['nofile=100:200', 'core=0'], cwd: '/usr/bin', env: { A: 'b c', B: '' } };
    const script = 'umask; ulimit -Sn; ulimit -Hn; ulimit -c; pwd; echo "$A|$B|${C-unset}|$container"';
    expect(await lab.run(sh(script), options)).toMatchObject({
      stdout: '0077\n100\n200\n0\n/usr/bin\nb c||unset|corral\n',
    });
  });

  it('may have fewer descriptors than its start needs', async () => {
    expect(await lab.run(sh('ulimit -n'), { ulimits: ['nofile=10'] })).toMatchObject({ stdout: '10\n', exitCode: 0 });
  });

  it('gets variables passed on that are given without a value', async () => {
    process.env['CORRAL_TEST_PASSED'] = 'on';
    try {
      expect(await lab.run(sh('echo $CORRAL_TEST_PASSED'), { env: { CORRAL_TEST_PASSED: undefined } })).toMatchObject({
        stdout: 'on\n',
      });
    } finally {
      delete process.env['CORRAL_TEST_PASSED'];
    }
  });

  it('starts in the caller’s working directory', async () => {
    expect(await lab.run(['pwd'])).toMatchObject({ stdout: `${process.cwd()}\n` });
  });

  it('has no signal blocked or ignored', async () => {
    const { stdout } = await lab.run(['grep', '-E', '^Sig(Blk|Ign):', '/proc/self/status']);
    expect(stdout).toMatch(/SigBlk:\t0+\nSigIgn:\t0+\n/);
  });

  it('leads a session of its own, without a terminal', async () => {
    const { stdout } = await lab.run(sh('cut -d" " -f 1,6,7 /proc/$$/stat'));
    const [pid, session, terminal] = stdout.trim().split(' ');
    expect({ session, terminal }).toEqual({ session: pid, terminal: '0' });
  });

  it.for([
    ['a missing program', ['no-such-program'], {}, 'ENOENT', 'find executable no-such-program'],
    ['a missing path', ['/no/such/program'], {}, 'ENOENT', 'find executable /no/such/program'],
    ['a file that is no program', ['/etc/passwd'], {}, 'EACCES', 'find executable /etc/passwd'],
    ['a directory', ['/usr'], {}, 'EACCES', 'find executable /usr'],
    [
      'a missing working directory',
      ['true'],
      { cwd: '/no/such/place' },
      'ENOENT',
      'change directory to /no/such/place',
    ],
  ] as const)('with %s does not start: the error says what was missing', async ([, command, options, code, action]) => {
    const error = await lab.spawn(command, options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LaunchError', code });
    expect((error as Error).message.startsWith(`${action}: ${code} (`)).toBe(true);
  });
});

describe('the end of the process', () => {
  it('is a value: exit codes and signals', async () => {
    expect(await lab.run(sh('exit 0'))).toMatchObject({ exitCode: 0, signal: null });
    expect(await lab.run(sh('exit 255'))).toMatchObject({ exitCode: 255, signal: null });
    expect(await lab.run(sh('kill -TERM $$'))).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    expect(await lab.run(sh('kill -SEGV $$'))).toMatchObject({ exitCode: null, signal: 'SIGSEGV' });
  });

  it('is the same value without an init', async () => {
    expect(await lab.run(sh('exit 7'), { init: false })).toMatchObject({ exitCode: 7, signal: null });
    // The first process of a pid namespace cannot send itself a signal that it does not handle.
    expect(await lab.run(sh('kill -TERM $$; exit 5'), { init: false })).toMatchObject({ exitCode: 5 });
    expect(await lab.run(sh('kill -TERM $$'), { init: false, pid: 'host' })).toMatchObject({ signal: 'SIGTERM' });
  });

  it('takes along what it started, and says how many', async () => {
    const script = 'sleep 1000 & setsid sleep 1000 & sleep 1000 & exit 3';
    expect(await lab.run(sh(script), { isolation: 'cgroup' })).toMatchObject({ exitCode: 3, leftBehind: 3 });
    expect(await lab.run(sh(script))).toMatchObject({ exitCode: 3 });
  });

  it('is not kept waiting by a daemon that holds the output open', async () => {
    const started = performance.now();
    expect(await lab.run(sh('sleep 1000 & echo done'))).toMatchObject({ stdout: 'done\n' });
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});

describe('corral-init', () => {
  it('reaps orphans: no zombie stays', async (context) => {
    requires(context, { programs: ['perl'] });
    const script =
      'for (1..20) { if (!fork) { if (!fork) { select undef, undef, undef, 0.05 } exit } wait } sleep 1; for (glob "/proc/[0-9]*/stat") { open F, $_ or next; print if <F> =~ /\\) Z/ }';
    expect(await lab.run(['perl', '-e', script])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('forwards signals to the command', async () => {
    const container = await lab.spawn(sh('trap "echo usr1; exit 9" USR1; echo ready; while :; do sleep 0.01; done'));
    await untilSays(container, 'ready');
    expect(container.signal('SIGUSR1')).toBe(true);
    await untilSays(container, 'usr1');
    expect(await container.exited).toMatchObject({ exitCode: 9 });
    expect(container.signal('SIGUSR1')).toBe(false);
  });

  it('is the first process, and the command the second', async () => {
    expect(await lab.run(sh('echo $$ $PPID'))).toMatchObject({ stdout: '2 1\n' });
    expect(await lab.run(sh('echo $$ $PPID'), { init: false })).toMatchObject({ stdout: '1 0\n' });
  });
});

describe('stop()', () => {
  it('lets the command end by itself', async () => {
    const container = await lab.spawn(sh('trap "exit 4" TERM; echo ready; while :; do sleep 0.01; done'));
    await untilSays(container, 'ready');
    expect(await container.stop()).toMatchObject({ exitCode: 4, signal: null, aborted: false, timedOut: false });
  });

  it('sends the signal that was asked for', async () => {
    const container = await lab.spawn(sh('trap "exit 5" INT; echo ready; while :; do sleep 0.01; done'), {
      stopSignal: 'SIGINT',
    });
    await untilSays(container, 'ready');
    expect(await container.stop()).toMatchObject({ exitCode: 5 });
  });

  it('kills after the grace period', async () => {
    const container = await lab.spawn(sh('trap "" TERM; echo ready; while :; do sleep 0.01; done'));
    await untilSays(container, 'ready');
    const started = performance.now();
    expect(await container.stop({ gracePeriod: 200 })).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
  });

  it('of a paused container lets it go on, to end as it is asked to', async (context) => {
    requires(context, { cgroup: true });
    const container = await lab.spawn(sh('echo ready; sleep 1000'));
    await untilSays(container, 'ready');
    await container.pause();
    expect(await container.stop({ gracePeriod: 10_000 * TIME_SCALE })).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('an abort and a timeout', () => {
  it('before the start is a rejection with the signal’s reason', async () => {
    const reason = new Error('changed my mind');
    await expect(lab.spawn(['true'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('during the launch ends the container all the same', async () => {
    const controller = new AbortController();
    const starting = lab.spawn(['sleep', '1000'], { signal: controller.signal });
    controller.abort();
    const container = await starting.catch(() => undefined);
    if (container !== undefined) expect(await container.exited).toMatchObject({ aborted: true });
  });

  it('with a stop signal are gentle first', async () => {
    const command = sh('trap "exit 6" TERM; while :; do sleep 0.01; done');
    expect(await lab.run(command, { timeout: 300, stopSignal: 'SIGTERM' })).toMatchObject({
      exitCode: 6,
      timedOut: true,
    });
  });

  it('come to nothing when the command was faster', async () => {
    const controller = new AbortController();
    const result = await lab.run(['true'], { timeout: 60_000, signal: controller.signal });
    controller.abort();
    expect(result).toMatchObject({ exitCode: 0, timedOut: false, aborted: false });
  });
});

describe('streams', () => {
  it('are pipes, of any length', async () => {
    const input = 'line of input\n'.repeat(100_000);
    const { stdout, stderr } = await lab.run(sh('cat; echo done >&2'), { input });
    expect(stdout.length).toBe(input.length);
    expect({ same: stdout === input, stderr }).toEqual({ same: true, stderr: 'done\n' });
  });

  it('can be opened by their names in /dev', async () => {
    const script = 'echo out > /dev/stdout; echo err > /dev/stderr; echo again > /proc/self/fd/1; cat /dev/stdin';
    expect(await lab.run(sh(script), { input: 'in\n' })).toMatchObject({ stdout: 'out\nagain\nin\n', stderr: 'err\n' });
  });

  it('can be opened by their names by any user', async (context) => {
    requires(context, { root: true });
    expect(await lab.run(sh('echo out > /dev/stdout'), { user: '1000:1000' })).toMatchObject({
      stdout: 'out\n',
      stderr: '',
    });
  });

  it('are cut at maxOutputBytes, without stopping the command', async () => {
    const result = await lab.run(sh('head -c 1000000 /dev/zero | tr "\\0" x; exit 3'), { maxOutputBytes: 1000 });
    expect(result).toMatchObject({ exitCode: 3, outputTruncated: true, stdout: 'x'.repeat(1000) });
    expect(await lab.run(['echo', 'hi'], { maxOutputBytes: 3 })).toMatchObject({
      stdout: 'hi\n',
      outputTruncated: false,
    });
  });

  it('can be files, emptied or appended to', async () => {
    const file = join(lab.directory(), 'log');
    await lab.run(['echo', 'one'], { stdout: { file } });
    await lab.run(['echo', 'two'], { stdout: { file, append: true } });
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    await lab.run(['echo', 'three'], { stdout: { file } });
    expect(readFileSync(file, 'utf8')).toBe('three\n');
  });

  it('may be ignored', async () => {
    expect(await lab.run(sh('echo x; cat'), { stdout: 'ignore' })).toMatchObject({ exitCode: 0, stdout: '' });
    const container = await lab.spawn(['true'], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
    expect([container.stdin, container.stdout, container.stderr]).toEqual([null, null, null]);
    await container.exited;
  });

  it('carry input while the command runs', async () => {
    const container = await lab.spawn(sh('while read line; do echo "got $line"; done'), { stdin: 'pipe' });
    container.stdin?.write('one\n');
    await untilSays(container, 'got one');
    container.stdin?.end('two\n');
    await untilSays(container, 'got two');
    expect(await container.exited).toMatchObject({ exitCode: 0 });
  });

  it('that nobody reads do not keep the result back', async () => {
    const container = await lab.spawn(sh('echo x'));
    expect(await container.exited).toMatchObject({ exitCode: 0 });
    container.stdout?.destroy();
    container.stderr?.destroy();
  });
});

it('a command that runs a moment gets its duration and its use of the CPU', async (context) => {
  requires(context, { cgroup: true });
  const { durationMs, usage } = await lab.run(sh('sleep 0.2'));
  expect(durationMs).toBeGreaterThanOrEqual(200);
  expect(usage.cpuMs).toBeGreaterThanOrEqual(0);
  await delay(0);
});
