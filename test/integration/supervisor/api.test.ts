import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../../src/supervisor/connect.js';
import { endSupervisor, untilGone } from '../../helpers/end-supervisor.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeCliLab } from '../cli/cli-lab.js';

const run = promisify(execFile);
const lab = makeCliLab();
const socket = join(lab.stateDir, 'api/corral.sock');

beforeEach((context) => {
  requires(context, { cgroup2: true, programs: ['curl'] });
});

// It is started on demand, and would go by itself only after a while.
afterEach(() => endSupervisor(lab.stateDir));

/** Waits until something is so. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 10_000 }).toBe(true);
}

/** `corral run -d` below the lab's cgroup. */
async function detach(name: string, flags: readonly string[], command: readonly string[]): Promise<void> {
  const made = await lab.run(['-d', '-q', '--name', name, ...flags, '--', ...command]);
  expect(made).toMatchObject({ code: 0, stdout: `${name}\n`, stderr: '' });
}

async function curl(path: string, ...args: readonly string[]): Promise<{ status: number; lines: readonly object[] }> {
  const words = [
    '-sS',
    '--max-time',
    '20',
    '--unix-socket',
    socket,
    '-w',
    '\n%{http_code}',
    `http://corral${path}`,
    ...args,
  ];
  const { stdout } = await run('curl', words);
  const lines = stdout.trim().split('\n');
  const status = Number(lines.pop());
  return { status, lines: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as object) };
}

const LOOP = ['sh', '-c', 'echo out; echo err >&2; exec sleep 1000'];

describe('the socket, with curl alone', () => {
  beforeEach(async () => {
    await detach('first', [], ['sleep', '1000']);
  });

  it('does what docs/api.md shows', async () => {
    const manual = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const blocks = [...manual.matchAll(/```bash\n(.*?)```/gs)].map(([, commands = '']) => commands);
    expect(blocks.length).toBeGreaterThan(6);
    // Its containers are made where those of the other tests are.
    const script = blocks.join('\n').replaceAll('{"name"', `{"cgroupParent":"${lab.cgroupParent}","name"`);
    // Without --norc, bash takes a standard input that is a socket for a remote shell, and reads the one of the machine.
    const { stdout, stderr } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      env: { ...process.env, S: socket },
    });
    expect(stdout).not.toContain('"error"');
    expect(stderr.replace(/^curl: \(28\) .*\n/gm, '')).toBe('');
    expect(stdout).toContain('{"stdout":"HELLO\\n"}');
    expect(stdout).toMatch(/^hello$/m);
    expect(stdout).toMatch(/^Linux$/m);
    await until(async () => (await curl('/v1/containers/leased')).status === 404);
  });

  it('makes, watches, stops and forgets a container', async () => {
    const body = { name: 'web', command: LOOP, log: 'json', cgroupParent: lab.cgroupParent, labels: { job: '7' } };
    expect(await curl('/v1/containers', '--json', JSON.stringify(body))).toMatchObject({
      status: 201,
      lines: [{ id: 'web', status: 'running', labels: { job: '7' } }],
    });
    expect(await curl('/v1/containers', '--json', JSON.stringify(body))).toMatchObject({
      status: 409,
      lines: [{ error: { code: 'ERR_ALREADY_EXISTS' } }],
    });
    await until(async () => (await curl('/v1/containers/web/logs')).lines.length === 2);
    expect((await curl('/v1/containers/web/logs')).lines).toMatchObject([
      { stream: 'stdout', data: 'out' },
      { stream: 'stderr', data: 'err' },
    ]);
    expect((await curl('/v1/containers/web/processes')).lines).toMatchObject([
      expect.arrayContaining([expect.objectContaining({ command: ['sleep', '1000'], state: 'S' })]),
    ]);
    expect(await curl('/v1/containers/web/stats')).toMatchObject({ status: 200, lines: [{ frozen: false }] });
    expect(await curl('/v1/containers/web/pause', '-X', 'POST')).toMatchObject({ lines: [{ changed: true }] });
    expect(await curl('/v1/containers/web')).toMatchObject({ lines: [{ status: 'paused' }] });
    expect(await curl('/v1/containers/web/resume', '-X', 'POST')).toMatchObject({ lines: [{ changed: true }] });
    const waiting = curl('/v1/containers/web/wait');
    expect(await curl('/v1/containers/web/stop', '-X', 'POST')).toMatchObject({
      lines: [{ id: 'web', exitCode: null, signal: 'SIGTERM', killed: false }],
    });
    expect((await waiting).lines).toMatchObject([{ run: 1, signal: 'SIGTERM' }]);
    expect(await curl('/v1/containers/web', '-X', 'DELETE')).toEqual({ status: 204, lines: [] });
    expect(await curl('/v1/containers/web')).toMatchObject({ status: 404 });
  });

  it('runs commands, with their input, output and exit', async () => {
    const child = spawn('sh', [
      '-c',
      `(echo one; sleep ${String(TIME_SCALE * 0.2)}; echo two) | curl -sSN --unix-socket "$1" -T - -X POST "http://corral/v1/containers/first/exec?command=cat"`,
      'sh',
      socket,
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { exec: { terminal: false } },
      { stdout: 'one\n' },
      { stdout: 'two\n' },
      { exit: { exitCode: 0, signal: null } },
    ]);
    expect(await curl('/v1/containers/first/exec', '--json', '{"command":["nothing-of-the-kind"]}')).toMatchObject({
      status: 422,
      lines: [{ error: { code: 'ENOENT', op: 'find-executable' } }],
    });
  });

  it('kills an exec with its connection, all of it', async () => {
    const child = spawn('curl', [
      '-sSN',
      '--unix-socket',
      socket,
      '--json',
      '{"command":["sh","-c","sleep 1234 & exec sleep 4321"]}',
      'http://corral/v1/containers/first/exec',
    ]);
    const sleepers = async (): Promise<number> => {
      const [processes] = (await curl('/v1/containers/first/processes')).lines as [{ command: string[] }[]];
      return processes.filter(({ command }) => command[1] === '1234' || command[1] === '4321').length;
    };
    await until(async () => (await sleepers()) === 2);
    child.kill('SIGKILL');
    await until(async () => (await sleepers()) === 0);
  });

  it('kills a leased container with its connection', async () => {
    const body = { name: 'leased', command: ['sleep', '1000'], lease: true, cgroupParent: lab.cgroupParent };
    const child = spawn('curl', [
      '-sSN',
      '--unix-socket',
      socket,
      '--json',
      JSON.stringify(body),
      'http://corral/v1/containers',
    ]);
    await until(() => lab.status('leased') === 'running');
    child.kill('SIGKILL');
    await until(() => lab.status('leased') === undefined);
    expect(await curl('/v1/containers/leased')).toMatchObject({ lines: [{ lastEnd: { signal: 'SIGKILL' } }] });
  });
});

describe('the verbs, of containers of the supervisor', () => {
  it('list them, with how they have ended', async () => {
    await detach('web', [], LOOP);
    await detach('job', [], ['sh', '-c', 'exit 3']);
    expect(await lab.corral(['wait', 'job'])).toMatchObject({ code: 0, stdout: '3\n' });
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
    expect((await lab.corral(['ps', '-a', '-q'])).stdout).toBe('job\nweb\n');
    expect((await lab.corral(['ps', '--filter', 'status=exited', '-q'])).stdout).toBe('job\n');
    const table = (await lab.corral(['ps', '-a'])).stdout;
    expect(table).toMatch(/^NAME +STATUS .*CREATED +COMMAND$/m);
    expect(table).toMatch(/^job +exited \(3\) /m);
    expect((await lab.corral(['inspect', '--field', 'lastEnd.exitCode', 'job'])).stdout).toBe('3\n');
    expect((await lab.corral(['inspect', '--field', 'cgroup.driver', 'web'])).stdout).toMatch(/^(cgroupfs|systemd)\n$/);
  });

  it('print what they write, each stream to its own', async () => {
    await detach('web', ['--log-driver', 'json'], LOOP);
    await until(async () => (await lab.corral(['logs', 'web'])).stderr === 'err\n');
    expect(await lab.corral(['logs', 'web'])).toMatchObject({ code: 0, stdout: 'out\n', stderr: 'err\n' });
    expect((await lab.corral(['logs', '-t', 'web'])).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z out\n$/);
    expect((await lab.corral(['logs', '--since', '1h', '-n', '1', 'web'])).stderr).toBe('err\n');
    expect((await lab.corral(['logs', '--json', 'web'])).stdout).toContain('"stream":"stdout"');
    const following = lab.start(['logs', '-f', 'web']);
    await until(() => following.output().includes('out'));
    await lab.corral(['kill', 'web']);
    expect(await following.ended).toMatchObject({ code: 0, stdout: 'out\n' });
  });

  it('end them, and bring them back', async () => {
    await detach('web', ['--pids-limit', '50', '--ulimit', 'core=unlimited'], LOOP);
    // RLIM_INFINITY, which no number of JavaScript's is.
    const limit = await lab.corral(['inspect', '--field', 'spec.process.rlimits.0.hard', 'web']);
    expect(limit.stdout).toBe('18446744073709551615\n');
    expect((await lab.corral(['stop', 'web'])).stdout).toMatch(/^web: ended in \S+, exit code 143\n$/);
    expect(await lab.corral(['exec', 'web', 'true'])).toMatchObject({
      code: 125,
      stderr: 'corral: cannot exec in "web": container is exited\nhint: corral start web\n',
    });
    expect((await lab.corral(['start', 'web', 'web'])).stdout).toBe('web: started\n');
    expect((await lab.corral(['start', 'web'])).stdout).toBe('web: was running already\n');
    expect((await lab.corral(['restart', '-t', '5s', 'web'])).stdout).toBe('web: restarted\n');
    expect((await lab.corral(['pause', 'web'])).stdout).toBe('web: paused\n');
    expect((await lab.corral(['resume', '--all'])).stdout).toBe('web: resumed\n');
    expect((await lab.corral(['update', '--pids-limit', '100', 'web'])).stdout).toBe('web: updated\n');
    expect((await lab.corral(['inspect', '--field', 'options.container.pids', 'web'])).stdout).toBe('100\n');
    const refused = await lab.corral(['rm', 'web']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot remove "web": container is running') as string,
    });
    expect((await lab.corral(['kill', 'web'])).stdout).toMatch(/^web: \d processes killed in/);
    expect((await lab.corral(['rm', '--all'])).stdout).toBe('web: removed\n');
    expect(await lab.corral(['logs', 'web'])).toMatchObject({
      code: 1,
      stderr: 'corral: container "web" does not exist\n',
    });
  });

  it.each(['raw', 'json'])('connect with their streams, and leave them as they are: %s', async (log) => {
    await detach('cat', ['-i', '--log-driver', log], ['cat']);
    const attached = lab.start(['attach', 'cat'], { input: 'typed\nagain\n' });
    await until(() => attached.output().includes('typed\nagain\n'));
    attached.process.kill('SIGKILL');
    await attached.ended;
    expect(lab.status('cat')).toBe('running');
  });

  it('tell of restarts and removals as they happen', async () => {
    const watching = lab.start(['events', '--json', 'job']);
    await until(() => watching.process.pid !== undefined);
    await detach('job', ['--restart', 'on-failure:1'], ['sh', '-c', 'sleep 0.3; exit 3']);
    await until(() => watching.output().includes('"restarting"'));
    await lab.corral(['wait', 'job']);
    await lab.corral(['rm', 'job']);
    await until(() => watching.output().includes('"removed"'));
    watching.process.kill('SIGINT');
    await watching.ended;
  });

  it('need no supervisor for all others', async () => {
    const web = await lab.box('web');
    expect((await lab.corral(['ps', '-q'])).stdout).toBe('web\n');
    for (const verb of ['logs', 'start', 'restart', 'rm', 'attach']) {
      expect(await lab.corral([verb, 'web'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          '"web": container is not the supervisor’s\nhint: whoever has started it sees and holds it',
        ) as string,
      });
    }
    expect((await lab.corral(['stop', 'web'])).code).toBe(0);
    await web.ended;
    await expect(connect({ stateDir: lab.stateDir, start: false })).rejects.toMatchObject({ code: 'ERR_CONNECTION' });
  });
});

describe('a supervisor that is started on demand', () => {
  it('is one, however many ask for it at once', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect({ stateDir: lab.stateDir })));
    const pids = await Promise.all(clients.map(async (one) => (await one.info()).pid));
    expect(new Set(pids).size).toBe(1);
    for (const one of clients) one.close();
  });

  it("is started again where it has gone, in the middle of a client's life", async () => {
    const one = await connect({ stateDir: lab.stateDir });
    const { pid } = await one.info();
    await run('kill', ['-KILL', String(pid)]);
    await untilGone(pid);
    expect((await one.info()).pid).not.toBe(pid);
    one.close();
  });
});
