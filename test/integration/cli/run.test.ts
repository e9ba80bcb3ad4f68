import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const sh = (script: string): readonly string[] => ['--', 'sh', '-c', script];

describe('corral run', () => {
  it('hands output on as it is, and keeps the two streams apart', async () => {
    const ended = await lab.run(sh('echo out; echo err >&2; head -c 3000000 /dev/zero | tr "\\0" x'));
    expect(ended).toMatchObject({ code: 0, stderr: 'err\n' });
    expect(ended.stdout).toBe(`out\n${'x'.repeat(3_000_000)}`);
  });

  it('hands input on with -i, and keeps it to itself without', async () => {
    const input = 'a line\n'.repeat(100_000);
    expect((await lab.run(['-i', 'cat'], { input })).stdout).toBe(input);
    expect(await lab.run(['cat'], { input: 'mine' })).toMatchObject({ code: 0, stdout: '' });
  });

  it('leaves the flags behind the command to the command', async () => {
    expect(await lab.run(['echo', '-n', '--memory', '--help'])).toMatchObject({ code: 0, stdout: '--memory --help' });
    expect(await lab.run(['--', 'echo', 'a', '--', 'b'])).toMatchObject({ stdout: 'a -- b\n' });
  });

  it('takes the state directory from the environment, too', async () => {
    const env = { CORRAL_STATE_DIR: '/proc/nowhere' };
    expect(await lab.run(['true'], { env })).toMatchObject({ code: 0 });
    const { process: child, ended } = lab.start(['ps', '--state-dir', lab.stateDir, '-q'], { env });
    expect(child.pid).toBeGreaterThan(0);
    expect(await ended).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([
    ['exit 0', 0],
    ['exit 3', 3],
    ['exit 125', 125],
    ['kill -9 $$', 137],
    ['kill -15 $$', 143],
  ])('%s ends with %d', async (script, code) => {
    expect(await lab.run(sh(script))).toMatchObject({ code, signal: null, stderr: '' });
  });

  it('ends with 124 when the time is up, gently if asked to', async () => {
    expect(await lab.run(['--timeout', '100ms', 'sleep', '100'])).toMatchObject({ code: 124, stderr: '' });
    const gentle = ['--timeout', '300ms', '--stop-signal', 'INT', '--stop-timeout', '20s'];
    const script = 'trap "echo bye; exit 0" INT; while :; do sleep 0.05; done';
    expect(await lab.run([...gentle, ...sh(script)])).toMatchObject({ code: 124, stdout: 'bye\n' });
  });

  it('ends with 126 and 127 when the command is at fault', async () => {
    expect(await lab.run(['/etc/hostname'])).toMatchObject({
      code: 126,
      stderr:
        'corral: find executable /etc/hostname: EACCES (permission denied)\nhint: it is there, but not executable\n',
    });
    expect(await lab.run(['no-such-program'])).toMatchObject({
      code: 127,
      stderr:
        'corral: find executable no-such-program: ENOENT (no such file or directory)\nhint: it is not in the container’s PATH\n',
    });
  });

  it('ends when nobody reads what it says', async () => {
    const started = lab.start(lab.runWords(['yes']));
    started.process.stdout?.once('data', () => started.process.stdout?.destroy());
    // SIGPIPE; or, since Node's pipes are sockets, ECONNRESET, about which yes(1) complains.
    expect([128 + 13, 1]).toContain((await started.ended).code);
  });

  it('says that memory ran out, of what and how much', async (context) => {
    requires(context, { controllers: ['memory'] });
    const ended = await lab.run(['--name', 'hungry', '-m', '32M', 'tail', '/dev/zero']);
    expect(ended.code).toBe(137);
    expect(ended.stderr).toMatch(/^corral: hungry ran out of memory \(limit 32M, peak [\d.]+M\)\n$/);
  });
});

describe('corral run --result', () => {
  it('writes how it ended as a line of JSON', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'corral-test-'));
    try {
      const file = join(directory, 'result');
      await lab.run(['--name', 'told', '--result', file, ...sh('exit 3')]);
      const line = readFileSync(file, 'utf8');
      expect(line).toMatch(/^\{.*\}\n$/);
      expect(JSON.parse(line)).toMatchObject({
        id: 'told',
        exitCode: 3,
        signal: null,
        oomKilled: false,
        leftBehind: 0,
      });
      await lab.run(['--result', file, 'no-such-program']);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ error: { name: 'LaunchError', code: 'ENOENT' } });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('- writes it to standard error', async () => {
    const { stdout, stderr } = await lab.run(['--result', '-', ...sh('kill -9 $$')]);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('that cannot be written is found out before anything runs', async () => {
    expect(await lab.run(['--result', '/no/such/file', 'echo', 'ran'])).toMatchObject({
      code: 125,
      stdout: '',
      stderr: 'corral: open /no/such/file: ENOENT (no such file or directory)\n',
    });
  });
});

describe('a signal to corral run', () => {
  it.each(['INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2', 'WINCH'])('SIG%s reaches the command', async (name) => {
    const script = `trap "echo got it; exit 7" ${name}; echo ready; while :; do sleep 0.05; done`;
    const started = lab.start(lab.runWords(sh(script)));
    await until(() => started.output().includes('ready'), 'the trap is set');
    started.process.kill(`SIG${name}` as NodeJS.Signals);
    expect(await started.ended).toMatchObject({ code: 7, stdout: 'ready\ngot it\n', stderr: '' });
  });

  it('ends a command that does nothing about it', async () => {
    const started = await lab.box('plain');
    started.process.kill('SIGTERM');
    expect(await started.ended).toMatchObject({ code: 143, stderr: '' });
  });

  it('that comes for the third time kills a command that does not listen', async () => {
    const script = 'trap "echo no" TERM INT; echo ready; while :; do sleep 0.05; done';
    const started = lab.start(lab.runWords(sh(script)));
    await until(() => started.output().includes('ready'), 'the trap is set');
    started.process.kill('SIGTERM');
    await until(() => started.output() === 'ready\nno\n', 'the first has arrived');
    started.process.kill('SIGINT');
    await until(() => started.output() === 'ready\nno\nno\n', 'the second has arrived');
    started.process.kill('SIGTERM');
    expect(await started.ended).toMatchObject({
      code: 137,
      stderr: 'corral: it was asked to end and has not: killing it\n',
    });
  });
});
