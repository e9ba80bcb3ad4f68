import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../../src/supervisor/connect.js';
import { until } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { Terminal } from '../../helpers/terminal.js';
import { MAIN, makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const json = async (...words: readonly string[]): Promise<unknown> => {
  const { code, stdout } = await lab.corral(['top', ...words]);
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

describe('corral top, for scripts', () => {
  it('prints one sample of all, with rates', async () => {
    await lab.box('busy', ['-l', 'role=front'], ['sh', '-c', 'while :; do :; done']);
    await lab.box('idle', ['--pids-limit', '20']);
    const [first, second, ...others] = (await json('--json', '-n', '300ms')) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect([first, second].map((one) => one?.['id'])).toEqual(['busy', 'idle']);
    expect(first).toMatchObject({
      path: 'busy',
      status: 'running',
      labels: { role: 'front' },
      oomKills: 0,
      containers: [],
    });
    expect(first?.['cpuPercent']).toBeGreaterThan(20);
    expect(first).not.toHaveProperty('pressures');
    expect(second?.['cpuPercent']).toBeLessThan(20);
  });

  it('prints a table where output is no terminal, of those that are named', async () => {
    await lab.box('one');
    await lab.box('two');
    const { code, stdout } = await lab.corral(['top', '-n', '100ms', 'two']);
    expect(code).toBe(0);
    const [titles, line, ...rest] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^NAME +STATUS +CPU % +MEMORY\/LIMIT +PIDS/);
    expect(line).toMatch(/^two +running +\d/);
    expect(rest).toEqual([]);
    expect(stdout).not.toContain('\u001b');
  });

  it('prints nothing but titles where nothing runs', async () => {
    expect(await json('--json')).toEqual([]);
    expect((await lab.corral(['top', '--once'])).stdout).toMatch(/^NAME .*\n$/);
  });

  it('lists the processes of one container, by both sides’ numbers', async () => {
    await lab.box('web', [], ['sh', '-c', 'sleep 1000 & exec sleep 2000']);
    const processes = (await json('--processes', '--json', 'web')) as Record<string, unknown>[];
    const commands = processes.map(({ command }) => (command as string[]).join(' '));
    expect(commands).toEqual(expect.arrayContaining(['corral-init', 'sleep 1000', 'sleep 2000']));
    expect(processes[0]).toMatchObject({
      pidInside: 1,
      uidInside: 0,
      state: expect.stringMatching(/^[SR]$/) as string,
    });
    expect(processes[0]?.['pid']).not.toBe(1);
    const { stdout } = await lab.corral(['top', '--processes', 'web']);
    expect(stdout).toMatch(/^ *PID +INSIDE +USER +INSIDE +STATE +CPU +MEMORY +COMMAND\n/);
    expect(stdout).toContain('sleep 2000\n');
  });

  it('shows what a supervisor keeps, whether it runs or not, and starts none', async () => {
    expect(await json('--json')).toEqual([]);
    expect(existsSync(join(lab.stateDir, 'api/corral.sock'))).toBe(false);
    const client = await connect({ stateDir: lab.stateDir });
    try {
      const made = await lab.corral(['run', '-d', '--cgroup-parent', lab.cgroupParent, '--name', 'once', '--', 'true']);
      expect(made).toMatchObject({ code: 0, stdout: 'once\n' });
      await client.wait('once');
      expect(await json('--json', '-n', '100ms')).toEqual([]);
      expect(await json('--json', '-n', '100ms', 'once')).toMatchObject([{ path: 'once', status: 'exited' }]);
      expect(await json('--json', '-n', '100ms', '--all')).toMatchObject([
        { path: 'once', status: 'exited', restarts: 0, processes: 0, command: ['true'] },
      ]);
      await client.remove('once');
      expect(await json('--json')).toEqual([]);
    } finally {
      client.close();
      const pids = findByArgument(lab.stateDir).filter((pid) => pid !== process.pid);
      for (const pid of pids) process.kill(pid, 'SIGTERM');
      await until(() => findByArgument(lab.stateDir).length === 0, 'the supervisor has ended');
      // What it keeps for the next one.
      for (const name of ['api', 'data', 'supervisor.lock']) rmSync(join(lab.stateDir, name), { recursive: true });
    }
  });

  it.each([
    [['--processes'], 2, '--processes is of one container'],
    [['--processes', 'a', 'b'], 2, '--processes is of one container'],
    [['--processes', 'none'], 1, 'container "none" does not exist'],
    [['none'], 1, 'container "none" does not exist'],
    [['-n', '1ms'], 2, 'at least 100ms'],
  ])('%j is refused', async (words, code, message) => {
    const ended = await lab.corral(['top', ...words]);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toContain(message);
  });
});

describe('corral top, on a terminal', () => {
  let terminal: Terminal;
  let directory: string;
  const top = `${process.execPath} ${MAIN} top -n 203ms`;

  beforeEach(async (context) => {
    requires(context, { programs: ['tmux', 'bash', 'stty'] });
    directory = mkdtempSync('/var/tmp/corral-test-');
    // As under CI, where some think that nobody looks.
    terminal = await Terminal.open({ env: { CORRAL_STATE_DIR: lab.stateDir, CI: 'true' } });
    await terminal.run('before=$(stty -g)');
  });

  // Registered after the lab's hooks, so it runs before them.
  afterEach(async () => {
    await terminal[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
    await until(() => findByArgument('203ms').length === 0, 'corral top has ended');
  });

  /** The terminal is as it was: nothing of the view is left, and lines are edited. */
  const isRestored = async (): Promise<void> => {
    await terminal.run('test "$before" = "$(stty -g)" && echo as before');
    const text = await terminal.screen();
    expect(text).toMatch(/^as before$/m);
    expect(text).not.toContain('corral top  ');
  };

  it('shows containers, orders and filters them, and goes', async () => {
    await lab.box('web', ['-l', 'role=front']);
    await lab.box('db');
    await terminal.enter(top);
    const text = await terminal.shows(/^corral top {2}2 containers/);
    expect(text).toMatch(/^NAME +STATUS +CPU %/m);
    expect(text).toMatch(/^\? help {2}/m);
    await terminal.shows(/^db +running +\d+\.\d +/m);
    await terminal.press('n');
    await terminal.shows(/by name[^]*\ndb [^]*\nweb /);
    await terminal.press('r');
    await terminal.shows(/by name, reversed[^]*\nweb [^]*\ndb /);
    for (const key of ['/', 'F', 'r', 'o']) await terminal.press(key);
    await terminal.shows(/filter: Fro/);
    expect(await terminal.screen()).not.toMatch(/^db /m);
    await terminal.press('Escape');
    await terminal.shows(/^db /m);
    await terminal.press('q');
    await terminal.untilPrompt();
    await isRestored();
  });

  it('kills what was confirmed, and nothing else', async () => {
    await lab.box('web');
    await lab.box('other');
    await terminal.enter(top);
    await terminal.shows(/^web +running/m);
    for (const key of ['/', 'w', 'e', 'b', 'Enter', 'k']) await terminal.press(key);
    await terminal.shows(/^kill web\? y: yes/m);
    await terminal.press('n');
    await terminal.shows(/^\? help/m);
    expect(lab.status('web')).toBe('running');
    await terminal.press('k');
    await terminal.shows(/^kill web\?/m);
    await terminal.press('y');
    await terminal.shows(/^web: \d+ processes killed in/m);
    expect(lab.status('web')).toBeUndefined();
    expect(lab.status('other')).toBe('running');
    await terminal.press('q');
    await terminal.untilPrompt();
  });

  it('stops, pauses and resumes', async () => {
    await lab.box('web', [], ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done']);
    await terminal.enter(top);
    await terminal.shows(/^web +running/m);
    await terminal.press('P');
    await terminal.shows(/^web +paused/m);
    await terminal.press('P');
    await terminal.shows(/^web +running/m);
    await terminal.press('s');
    await terminal.shows(/^stop web\?/m);
    await terminal.press('y');
    await terminal.shows(/^web: ended in/m);
    await terminal.shows(/no containers/);
    await terminal.press('q');
    await terminal.untilPrompt();
  });

  it('shows the details of the one that is named, with its processes and events', async () => {
    await lab.box('web', ['-m', '64M', '--pids-limit', '20'], ['sleep', '12345']);
    await terminal.resize(80, 40);
    await terminal.enter(`${top} web`);
    await terminal.shows(/^web {2}running[^]*Processes\n +PID[^]*sleep 12345/m);
    await lab.corral(['update', '--pids-limit', '30', 'web']);
    await terminal.shows(/pidsMax +30[^]*Last events\n.*updated[^]*Processes/);
    await terminal.press('?');
    await terminal.shows(/^Keys$/m);
    await terminal.press('x');
    await terminal.shows(/^web {2}running/m);
    await terminal.press('Escape');
    await terminal.shows(/^NAME /m);
    // Nothing else was named: with it, the view ends.
    await lab.corral(['kill', 'web']);
    await terminal.untilPrompt();
    await isRestored();
  });

  it('follows the size of the window, and fits into any', async () => {
    await lab.box(
      'box-容器'.replace('容器', 'wide'),
      [],
      ['sh', '-c', 'sleep 1000 # 容器漢字容器漢字容器漢字容器漢字'],
    );
    await terminal.enter(top);
    await terminal.shows(/^box-wide/m);
    await terminal.resize(150, 40);
    await terminal.shows(/COMMAND[^]*容器漢字容器漢字容器漢字容器漢字/);
    await terminal.resize(40, 8);
    await terminal.shows(/^corral top[^]*\nbox-wide/);
    expect(await terminal.screen()).not.toContain('COMMAND');
    await terminal.resize(10, 3);
    await terminal.shows(/\? help/);
    await terminal.resize(80, 24);
    await terminal.shows(/^NAME +STATUS +CPU % [^]*\? help/m);
    await terminal.press('q');
    await terminal.untilPrompt();
    await isRestored();
  });

  it('is stopped and goes on, as any program of a shell', async () => {
    await lab.box('web');
    await terminal.enter(top);
    await terminal.shows(/^web +running/m);
    await terminal.press('C-z');
    await terminal.untilPrompt();
    await isRestored();
    await terminal.enter('fg');
    await terminal.shows(/^corral top[^]*\nweb +running/);
    await terminal.press('C-l');
    await terminal.press('C-c');
    await terminal.untilPrompt();
    await isRestored();
  });

  it.each(['TERM', 'HUP', 'INT', 'QUIT'])('gives the terminal back on SIG%s', async (signal) => {
    await lab.box('web');
    await terminal.enter(top);
    await terminal.shows(/^web +running/m);
    const pids = findByArgument('203ms');
    expect(pids).toHaveLength(1);
    process.kill(pids[0]!, `SIG${signal}`);
    await terminal.untilPrompt();
    await isRestored();
  });

  it('has colours, but not with NO_COLOR', async () => {
    await lab.box('web');
    await terminal.enter(top);
    await terminal.shows(/^web +running/m);
    expect(await terminal.screen({ colours: true })).toContain('\u001b[32m');
    await terminal.press('q');
    await terminal.untilPrompt();
    await terminal.enter(`NO_COLOR=1 ${top}`);
    await terminal.shows(/^web +running/m);
    const text = await terminal.screen({ colours: true });
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    expect(text).not.toMatch(/\u001b\[[39][0-7]m/);
    await terminal.press('q');
    await terminal.untilPrompt();
  });
});
