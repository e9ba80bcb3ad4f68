import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/container/containers.js';
import { until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const parse = (text: string): unknown => JSON.parse(text);

describe('corral kill --signal', () => {
  const family = `$SIG{USR1} = sub { exit 7 if $$ == $main }; $main = $$; for (1 .. 3) { fork or last } sleep 1 while 1`;

  it('sends it to every process, and waits for nothing', async (context) => {
    requires(context, { programs: ['perl'] });
    const web = await lab.box('web', [], ['perl', '-e', family]);
    await until(() => new Containers({ stateDir: lab.stateDir }).get('web').processes === 5, 'they are there');
    const dozing = await lab.corral(['kill', '-s', 'winch', 'web', 'nobody']);
    expect(dozing).toMatchObject({ code: 1, stdout: 'web: SIGWINCH sent to 4 processes\n' });
    expect(dozing.stderr).toBe('corral: container "nobody" does not exist\n');
    await lab.corral(['pause', 'web']);
    expect(await lab.corral(['kill', '--signal', '10', 'web'])).toMatchObject({
      code: 0,
      stdout: 'web: SIGUSR1 sent to 4 processes; it is paused: they act on it when it is resumed\n',
      stderr: '',
    });
    await lab.corral(['resume', 'web']);
    expect(await web.ended).toMatchObject({ code: 7 });
  });

  it('of KILL is a kill', async () => {
    const web = await lab.box('web');
    expect((await lab.corral(['kill', '--signal', 'KILL', 'web'])).stdout).toMatch(/^web: 2 processes killed in/);
    expect(await web.ended).toMatchObject({ code: 137 });
  });

  it('as JSON tells which', async () => {
    await lab.box('web');
    expect(parse((await lab.corral(['kill', '-s', 'CONT', '--json', 'web'])).stdout)).toEqual([
      { id: 'web', processes: 1, pids: [expect.any(Number)], complete: true, paused: false },
    ]);
  });
});

describe('corral stop', () => {
  const deaf = ['perl', '-e', '$SIG{TERM} = "IGNORE"; sleep 1 while 1'];

  it('asks, and tells how they ended', async () => {
    const web = await lab.box(
      'web',
      ['--stop-signal', 'INT'],
      ['sh', '-c', 'trap "exit 3" INT; while :; do sleep 0.05; done'],
    );
    const db = await lab.box('db');
    const stopped = await lab.corral(['stop', 'web', 'db', 'nobody']);
    expect(stopped).toMatchObject({ code: 1, stderr: 'corral: container "nobody" does not exist\n' });
    expect(stopped.stdout).toMatch(/^web: ended in \S+, exit code 3\ndb: ended in \S+, exit code 143\n$/);
    expect(await web.ended).toMatchObject({ code: 3 });
    expect(await db.ended).toMatchObject({ code: 143 });
  });

  it('kills what has not ended in time', async (context) => {
    requires(context, { programs: ['perl'] });
    const web = await lab.box('web', [], deaf);
    await delay(200 * TIME_SCALE);
    const stopped = await lab.corral(['stop', '--timeout', '100ms', '--all']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toMatch(/^web: killed: it had not ended after \d+ms\n$/);
    expect(await web.ended).toMatchObject({ code: 137 });
  });

  it('with --all-processes asks every one, and --json tells how many', async (context) => {
    requires(context, { programs: ['perl'] });
    const script =
      '$SIG{TERM} = sub { exit 4 }; fork; fork; while (1) { last if wait < 0 && $!{ECHILD} } sleep 1 while 1';
    await lab.box('web', [], ['perl', '-e', script]);
    await until(() => new Containers({ stateDir: lab.stateDir }).get('web').processes === 5, 'they are there');
    expect(parse((await lab.corral(['stop', '--json', '--all-processes', 'web'])).stdout)).toMatchObject([
      { id: 'web', exitCode: 4, signalled: 4, killed: false },
    ]);
  });
});

describe('corral update', () => {
  it('changes limits, and says which could not be', async (context) => {
    requires(context, { controllers: ['memory', 'pids'] });
    await lab.box('web', ['-m', '64M', '--pids-limit', '20']);
    const updated = await lab.corral(['update', '-m', '96M', '--pids-limit', 'max', 'web', 'nobody']);
    expect(updated).toMatchObject({
      code: 1,
      stdout: 'web: updated\n',
      stderr: 'corral: container "nobody" does not exist\n',
    });
    expect((await lab.corral(['inspect', '--field', 'limits.memoryMaxBytes', 'web'])).stdout).toBe('100663296\n');
    expect(parse((await lab.corral(['update', '--json', '--pids', '30', 'web'])).stdout)).toMatchObject([
      { id: 'web', memoryMaxBytes: 100_663_296, pidsMax: 30 },
    ]);
    const refused = await lab.corral(['update', '--memory-swap', '1M', 'web']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^corral: (--memory-swap|memorySwap): "1M" is not at least memory/);
  });
});

describe('corral events', () => {
  it('tells the life of a container, started later', async () => {
    const watching = lab.start(['events', '--until-exit', 'web']);
    await delay(500 * TIME_SCALE);
    await lab.run(['--name', 'other', 'true']);
    await lab.run(['--name', 'web', 'sh', '-c', 'sleep 1; exit 3']);
    const { code, stdout, stderr } = await watching.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z  web  `;
    const lines = ["created  sh -c 'sleep 1; exit 3'", 'started  pid \\d+', 'populated  0', 'exited  exit code 3'];
    expect(stdout).toMatch(new RegExp(`^${lines.map((line) => `${time}${line}\n`).join('')}$`));
  });

  it('filters, and prints JSON', async () => {
    const watching = lab.start(['events', '--json', '--filter', 'event=exited', '--filter', 'label=job=7']);
    await delay(500 * TIME_SCALE);
    await lab.run(['--name', 'other', 'true']);
    await lab.run(['--name', 'web', '-l', 'job=7', 'false']);
    await until(() => watching.output().endsWith('\n'), 'it is told');
    watching.process.kill('SIGINT');
    const { stdout, signal } = await watching.ended;
    expect(signal).toBe('SIGINT');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(parse(stdout)).toMatchObject({ type: 'exited', id: 'web', labels: { job: '7' }, exitCode: 1 });
  });
});
