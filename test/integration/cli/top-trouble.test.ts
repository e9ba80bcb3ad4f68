import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endSupervisor, untilGone } from '../../helpers/end-supervisor.js';
import { until } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { requires } from '../../helpers/requires.js';
import { Terminal } from '../../helpers/terminal.js';
import { MAIN, makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

const INTERVAL = '207ms';

describe('corral top, on a terminal, when something goes wrong', () => {
  const top = `${process.execPath} ${MAIN} top -n ${INTERVAL}`;
  let terminal: Terminal;

  beforeEach(async (context) => {
    requires(context, { programs: ['tmux', 'bash'] });
    terminal = await Terminal.open({ env: { CORRAL_STATE_DIR: lab.stateDir, TERM: 'screen' } });
    return () => terminal[Symbol.asyncDispose]();
  });

  afterEach(() => endSupervisor(lab.stateDir));

  const detach = async (name: string, ...words: readonly string[]): Promise<void> => {
    const made = await lab.corral(['run', '-d', '--cgroup-parent', lab.cgroupParent, '--name', name, ...words]);
    expect(made).toMatchObject({ code: 0, stdout: `${name}\n` });
  };

  it('goes on without the supervisor, and with the next one', async () => {
    await detach('web', '--health-cmd', 'true', '--health-interval', '100ms', '--', 'sleep', '1000');
    await detach('done', '--', 'true');
    await lab.corral(['wait', 'done']);
    await terminal.enter(top);
    await terminal.shows(/1 container, 1 ended .*[^]*^web +running .* healthy/m);
    await terminal.press('a');
    await terminal.shows(/2 containers .*[^]*^done +exited/m);
    const pid = Number(readFileSync(join(lab.stateDir, 'supervisor.lock'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    // It runs all the same; what only the supervisor knew is not there.
    const alone = await terminal.shows(/1 container .*[^]*^web +running/m);
    expect(alone).not.toContain('healthy');
    await lab.corral(['inspect', 'done']);
    await terminal.shows(/2 containers .*[^]*^web +running .* healthy/m);
    await terminal.press('q');
    await terminal.untilPrompt();
    expect(await terminal.screen()).not.toContain('corral:');
  });

  it('goes on while containers come and go under its eyes', async () => {
    await lab.box('stays');
    await terminal.enter(top);
    await terminal.shows(/^stays +running/m);
    for (let turn = 0; turn < 4; turn++)
      await Promise.all([1, 2, 3].map((n) => lab.run(['--name', `short-${String(n)}`, '--', 'true'])));
    await terminal.shows(/1 container .*[^]*^stays +running/m);
    await terminal.press('q');
    await terminal.untilPrompt();
    expect(await terminal.screen()).not.toContain('corral:');
  });

  it('gives the terminal back, and says what it was, when it can look no more', async () => {
    await terminal.enter(top);
    await terminal.shows(/no containers/);
    const loop = join(lab.stateDir, 'loop.state');
    symlinkSync(loop, loop);
    try {
      await terminal.untilPrompt();
      const text = await terminal.screen();
      expect(text).toMatch(/^corral: open .*loop\.state: ELOOP \(/m);
      expect(text).not.toContain('corral top  ');
      await terminal.run('stty -a | grep -ow -e icanon -e echo | sort | tr "\\n" ,; echo exit $?');
      expect(await terminal.screen()).toMatch(/^echo,icanon,exit 0$/m);
    } finally {
      rmSync(loop);
    }
  });

  it('ends with its terminal', async () => {
    await lab.box('web');
    const mine = await Terminal.open({ env: { CORRAL_STATE_DIR: lab.stateDir, TERM: 'screen' } });
    await mine.enter(top);
    await mine.shows(/^web +running/m);
    expect(findByArgument(INTERVAL)).not.toEqual([]);
    await mine[Symbol.asyncDispose]();
    await until(() => findByArgument(INTERVAL).length === 0, 'corral top has ended');
    expect(lab.status('web')).toBe('running');
  });

  it('says so where there is no room for anything', async () => {
    await lab.box('web');
    await terminal.resize(6, 2);
    await terminal.enter(top);
    await terminal.shows(/^\? hel?/m);
    await terminal.resize(80, 24);
    await terminal.shows(/^web +running/m);
    await terminal.press('q');
    await terminal.untilPrompt();
  });
});
