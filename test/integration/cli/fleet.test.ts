import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endSupervisor, untilGone } from '../../helpers/end-supervisor.js';
import { requires } from '../../helpers/requires.js';
import { Terminal } from '../../helpers/terminal.js';
import { MAIN, makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

afterEach(() => endSupervisor(lab.stateDir));

/** Has the supervisor run a container. */
const detach = async (name: string, flags: readonly string[], ...command: readonly string[]): Promise<void> => {
  const words = ['run', '-d', '--cgroup-parent', lab.cgroupParent, '--name', name, ...flags, '--', ...command];
  expect(await lab.corral(words)).toMatchObject({ code: 0, stdout: `${name}\n`, stderr: '' });
};

const says = async (line: string, code: number, text: string): Promise<void> => {
  const { stdout, stderr, ...ended } = await lab.corral(line.split(' '));
  expect({ code: ended.code, text: stdout + stderr }, line).toEqual({ code, text });
};

describe('containers of the supervisor, on the command line', () => {
  it('are found by a name that is nearly theirs, as a hint, whatever is asked', async () => {
    await detach('archive', [], 'true');
    await lab.box('web');
    const nope = (name: string, meant: string): string =>
      `corral: container "${name}" does not exist\nhint: did you mean ${meant}?\n`;
    for (const verb of ['logs', 'attach', 'start', 'restart', 'stop', 'kill', 'rm', 'wait', 'pause', 'top --processes'])
      await says(`${verb} archvie`, 1, nope('archvie', 'archive'));
    await says('stats wbe', 1, nope('wbe', 'web'));
    await says('exec wbe true', 125, nope('wbe', 'web'));
    await says('cp wbe:/etc/hosts /tmp', 1, nope('wbe', 'web'));
    await says('logs quite-another', 1, 'corral: container "quite-another" does not exist\n');
  });

  it('say what cannot be done once they have ended, and the way back', async () => {
    await detach('done', [], 'sh', '-c', 'exit 4');
    await says('wait done', 0, '4\n');
    const cannot = (action: string): string =>
      `corral: cannot ${action} "done": container is exited\nhint: corral start done\n`;
    await says('attach done', 1, cannot('attach to'));
    await says('pause done', 1, cannot('pause'));
    await says('resume done', 1, cannot('resume'));
    await says('update -m 1G done', 1, cannot('update'));
    await says('stats done', 1, cannot('read the stats of'));
    await says('top --processes done', 1, cannot('list the processes of'));
    await says('exec done true', 125, cannot('exec in'));
    await says('cp done:/etc/hosts /tmp', 1, cannot('copy from'));
    await says('cp /etc/hosts done:/tmp', 1, cannot('copy to'));
    await says('stop done', 0, 'done: had ended already, exit code 4\n');
    await says('rm done', 0, 'done: removed\n');
    await says('rm done', 1, 'corral: container "done" does not exist\n');
  });

  it('are told from those of others', async () => {
    await lab.box('web');
    for (const [verb, action] of [
      ['logs', 'read the logs of'],
      ['attach', 'attach to'],
      ['start', 'start'],
      ['restart', 'restart'],
      ['rm', 'remove'],
    ] as const) {
      const { code, stderr } = await lab.corral([verb, 'web']);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^corral: cannot ${action} "web": container is not the supervisor’s\nhint: .*run -d`),
      );
    }
  });

  it('are listed with how and when they ended, with restarts and health where there are any', async () => {
    const list = async (): Promise<string> => (await lab.corral(['ps', '--all'])).stdout;
    await detach('plain', [], 'sleep', '1000');
    expect(await list()).toMatch(/^NAME +STATUS +PID +PROCS +CPU +MEMORY +CREATED +COMMAND\nplain +running .*\n$/);
    await detach('code', [], 'sh', '-c', 'exit 4');
    await detach('late', ['--timeout', '100ms'], 'sleep', '1000');
    await detach('signal', [], 'sh', '-c', 'kill -USR1 $$');
    await detach('again', ['--restart', 'on-failure:1'], 'false');
    await detach('well', ['--health-cmd', 'true', '--health-interval', '50ms'], 'sleep', '1000');
    await says('wait late code signal again', 0, '124\n4\n138\n1\n');
    await expect.poll(list).toMatch(/^well +running .* healthy +sleep 1000$/m);
    const text = await list();
    expect(text).toMatch(/^NAME .* RESTARTS +HEALTH +COMMAND$/m);
    expect(text).toMatch(/^again +exited \(1\) \d+s ago .* 1 +- +false$/m);
    expect(text).toMatch(/^code +exited \(4\) \d+s ago /m);
    expect(text).toMatch(/^late +exited \(timeout\) \d+s ago /m);
    expect(text).toMatch(/^signal +exited \(SIGUSR1\) \d+s ago /m);
    expect((await lab.corral(['ps', '--quiet'])).stdout).toBe('plain\nwell\n');
  });

  it('are as healthy with the next supervisor as with the one before', async () => {
    const list = async (): Promise<string> => (await lab.corral(['ps'])).stdout;
    await detach('web', ['--health-cmd', 'true', '--health-interval', '3s'], 'sleep', '1000');
    expect(await list()).toMatch(/^web +running .* starting +sleep 1000$/m);
    await expect.poll(list, { timeout: 20_000 }).toMatch(/^web +running .* healthy +sleep 1000$/m);
    const pid = Number(readFileSync(join(lab.stateDir, 'supervisor.lock'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    expect(await list()).toMatch(/^web +running .* healthy +sleep 1000$/m);
  });

  it.each([
    ['a pipe', [], 'read line; echo "$line"; exit 7', 'typed\n'],
    ['/dev/null', [], 'sleep 2; exit 7', undefined],
    ['nothing', ['--no-stdin'], 'sleep 2; exit 7', undefined],
  ])('are attached to with %s as standard input', async (_what, flags, script, input) => {
    await detach('one', ['--interactive'], 'sh', '-c', script);
    const ended = await lab.corral(['attach', ...flags, 'one'], input === undefined ? {} : { input });
    expect(ended).toMatchObject({ code: 7, stderr: '', stdout: input ?? '' });
  });

  it('have their last words heard by those who are attached, and their exit code', async () => {
    const script = 'while [ ! -e /tmp/go ]; do echo on; sleep 0.1; done; echo last words; exit 7';
    const names = ['one', 'two', 'three', 'four'];
    await Promise.all(names.map((name) => detach(name, ['--log-driver', 'json'], 'sh', '-c', script)));
    const attached = names.map((name) => lab.start(['attach', '--no-stdin', name]));
    for (const { output } of attached) await expect.poll(output, { timeout: 20_000 }).toContain('on\n');
    await Promise.all(names.map((name) => lab.corral(['exec', name, 'touch', '/tmp/go'])));
    for (const { ended } of attached) {
      const { code, stdout, stderr } = await ended;
      expect([code, stderr, stdout.slice(stdout.lastIndexOf('on\n'))]).toEqual([7, '', 'on\nlast words\n']);
    }
  });

  it('say when they are started again', async () => {
    await detach('crash', ['--restart', 'always'], 'false');
    const list = async (): Promise<string> => (await lab.corral(['ps'])).stdout;
    await expect.poll(list, { timeout: 20_000 }).toMatch(/^crash +waiting \(1\) for [1-9]\d*s /m);
    const { code, stderr } = await lab.corral(['pause', 'crash']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^corral: cannot pause "crash": container is waiting\nhint: .*corral start crash\n$/);
  });

  it('are started and restarted all at once, and others left alone', async () => {
    await lab.box('own');
    await detach('one', [], 'true');
    await detach('two', ['-l', 'job=7'], 'sleep', '1000');
    await says('wait one', 0, '0\n');
    await says('start --all --filter name=two', 0, '');
    await says('start --all', 0, 'one: started\n');
    await says('restart --all --filter label=job', 0, 'two: restarted\n');
    await says('start two', 0, 'two: was running already\n');
    await says('start', 2, 'corral: NAME is missing\nhint: or --all\n');
    expect(lab.status('own')).toBe('running');
  });

  it('are left alone where another version of corral has made them, and it is noted', async () => {
    const directory = join(lab.stateDir, 'data/future');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'record'), '{"version":2,"id":"future","options":{}}\n');
    await detach('web', [], 'sleep', '1000');
    expect((await lab.corral(['ps', '--all', '--quiet'])).stdout).toBe('web\n');
    expect(readFileSync(join(directory, 'record'), 'utf8')).toContain('"version":2');
    const log = join(lab.stateDir, 'supervisor.log');
    expect(readFileSync(log, 'utf8')).toMatch(/container future: record of version 2: this corral knows 1\n$/);
    rmSync(log);
  });

  it('have their options’ flags named where a value makes no sense', async () => {
    const refused = (flags: string, text: string): Promise<void> =>
      says(`run -d --name bad ${flags} -- true`, 125, `corral: ${text}\n`);
    await refused('--log-driver syslog', '--log-driver: "syslog" is not raw, json or none');
    await refused(
      '--log-driver raw --log-max-size 1M',
      '--log-driver: "raw" is not json, as --log-max-size and --log-max-files need it',
    );
    await refused('--health-cmd x --health-on-failure die', '--health-on-failure: "die" is not none, kill or restart');
  });
});

describe('containers of the supervisor, at a terminal', () => {
  const corral = `${process.execPath} ${MAIN}`;
  /** Something that does not end when it is asked to. */
  const DEAF = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'];
  let terminal: Terminal;

  const open = (): Promise<Terminal> => Terminal.open({ env: { CORRAL_STATE_DIR: lab.stateDir, TERM: 'screen' } });

  beforeEach(async (context) => {
    requires(context, { programs: ['tmux', 'bash'] });
    terminal = await open();
    return () => terminal[Symbol.asyncDispose]();
  });

  it('are stopped and restarted with a word of when they will be killed', async () => {
    await detach('web', ['--stop-timeout', '3s'], ...DEAF);
    await terminal.enter(`${corral} restart web`);
    await terminal.shows(/^web: waiting for it to end, kill in [12]s$/m);
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/^web: restarted$/m);
    await terminal.enter(`${corral} stop -t 4s web`);
    await terminal.shows(/^web: waiting for it to end, kill in [123]s$/m);
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/^web: killed: it had not ended after 4/m);
  });

  it('are attached to by two at a time, who both see what is there, and leave it by keys', async () => {
    await detach('play', ['-it'], 'bash', '--norc');
    await using other = await open();
    // Nobody has typed anything: the prompt is drawn anew for whoever comes.
    await terminal.enter(`${corral} attach play`);
    await terminal.shows(/bash-[\d.]+#/);
    await other.enter(`${corral} attach --detach-keys ctrl-x play`);
    await other.shows(/bash-[\d.]+#/);
    await terminal.enter('echo $((6 * 7))');
    await other.shows(/^42$/m);
    await other.press('C-x');
    await other.untilPrompt();
    await terminal.press('C-p');
    await terminal.press('C-q');
    await terminal.untilPrompt();
    await terminal.run('echo left with $?');
    expect(await terminal.screen()).toMatch(/^left with 0$/m);
    expect(lab.status('play')).toBe('running');
  });

  it('are left alone by a signal to the one who looks, where that is wanted', async () => {
    await detach(
      'web',
      ['--log-driver', 'json'],
      'sh',
      '-c',
      'trap "echo; exit 9" INT; while :; do echo on; sleep 0.1; done',
    );
    await terminal.enter(`${corral} attach --sig-proxy=false web`);
    await terminal.shows(/^on$/m);
    await terminal.press('C-c');
    await terminal.untilPrompt();
    expect(lab.status('web')).toBe('running');
    await terminal.clear();
    await terminal.enter(`${corral} attach web`);
    await terminal.shows(/^on\non$/m);
    await terminal.press('C-c');
    await terminal.untilPrompt();
    await terminal.run('echo ended with $?');
    expect(await terminal.screen()).toMatch(/^ended with 9$/m);
  });
});
