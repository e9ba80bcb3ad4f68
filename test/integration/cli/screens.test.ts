import { rmSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { requires } from '../../helpers/requires.js';
import { makeShim } from '../../helpers/shim.js';
import { Terminal } from '../../helpers/terminal.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();
const shim = makeShim(lab);

afterAll(() => rmSync(shim.directory, { recursive: true }));

beforeEach((context) => requires(context, { programs: ['tmux', 'bash'], cgroup2: true }));

const open = (columns: number, rows: number, env = {}): Promise<Terminal> =>
  Terminal.open({ columns, rows, env: { ...shim.env, ...env } });

const ESCAPE = '\u001b';

describe('on a terminal', () => {
  it('a table fits, however long a command is, and whatever it is made of', async () => {
    await lab.box('web', [], ['sh', '-c', 'sleep 1000', '日本語のとても長いコマンド', 'x'.repeat(500)]);
    for (const columns of [200, 80, 60, 40, 20]) {
      using terminal = await open(columns, 10);
      terminal.enter('corral ps');
      await terminal.untilPrompt();
      const [, header, row, prompt] = terminal.screen().split('\n');
      expect(header).toMatch(/^NAME +STATUS/);
      expect(row).toMatch(/^web +runni/);
      expect(prompt).toBe('$');
    }
  });

  it('there are colours, unless they are not wanted', async () => {
    await lab.box('web');
    for (const [env, colours] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      using terminal = await open(100, 60, env);
      terminal.enter('corral ps; corral kill nobody; corral ps --help');
      await terminal.untilPrompt();
      const screen = terminal.screen({ colours: true });
      expect(screen).toContain('corral: container "nobody"'.slice(colours ? 'corral:'.length : 0));
      expect(screen.includes(`${ESCAPE}[32mrunning`)).toBe(colours);
      expect(screen.includes(`${ESCAPE}[31mcorral:`)).toBe(colours);
      expect(screen.includes(ESCAPE)).toBe(colours);
    }
  });

  it('and TERM=dumb, nothing but text is written', async () => {
    await lab.box('web');
    using terminal = await open(100, 24);
    terminal.enter('TERM=dumb corral stats --interval 100ms; TERM=dumb corral ps');
    await terminal.untilPrompt();
    expect(terminal.screen()).toMatch(/\nNAME +STATUS .*\nweb +running .*\nNAME +STATUS .*\nweb +running .*\n\$$/);
    expect(terminal.screen({ colours: true })).not.toContain(ESCAPE);
  });

  it('the help is as wide as that, and no wider than is easy to read', async () => {
    for (const [columns, longest] of [
      [60, 60],
      [200, 100],
    ] as const) {
      using terminal = await open(columns, 200);
      terminal.enter('corral run --help');
      await terminal.untilPrompt();
      const widths = terminal
        .screen()
        .split('\n')
        .filter((line) => line.startsWith('   ') && !line.includes('corral run '))
        .map((line) => line.length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(longest);
      expect(Math.max(...widths)).toBeGreaterThan(longest - 10);
    }
  });
});

describe('corral stats on a terminal', () => {
  it('is drawn again and again, in the size of the terminal, beside what was there', async () => {
    await lab.box('busy', [], ['sh', '-c', 'while :; do :; done']);
    await lab.box('idle');
    await lab.box('web');
    using terminal = await open(80, 12);
    terminal.enter('echo before');
    await terminal.untilPrompt();
    const before = terminal.screen();
    terminal.enter('corral stats --interval 200ms');
    await until(() => /^busy +running +[1-9]\d*\.\d%/m.test(terminal.screen()), 'there are figures');
    expect(terminal.screen()).toMatch(/^NAME .*\nbusy .*\nidle .*\nweb .*\n\n3 containers, every 200ms; q ends it$/);
    terminal.resize(40, 5);
    await until(() => terminal.screen().includes('… and 2 more'), 'it is drawn in less room');
    expect(terminal.screen()).toMatch(/^NAME .*\nbusy .*\n… and 2 more\n\n3 containers, every 200ms; q ends it$/);
    terminal.resize(80, 12);
    await lab.corral(['kill', 'web']);
    await until(() => terminal.screen().includes('2 containers'), 'one is gone');
    terminal.press('q');
    await terminal.untilPrompt();
    expect(terminal.screen()).toBe(`${before} corral stats --interval 200ms\n$`);
  });

  it.each([
    ['Ctrl-C', 'C-c', 0],
    ['q', 'q', 0],
  ])('ends by %s, and leaves a terminal that echoes', async (_name, key, code) => {
    await lab.box('web');
    using terminal = await open(80, 12);
    terminal.enter('corral stats');
    await until(() => terminal.screen().includes('q ends it'), 'it is drawn');
    terminal.press(key);
    await terminal.untilPrompt();
    terminal.enter('echo ended with $?; stty -a | grep -o " -\\?echo "');
    await terminal.untilPrompt();
    expect(terminal.screen()).toContain(`ended with ${String(code)}\n echo\n$`);
  });

  it('ends by SIGTERM, and leaves the terminal as it was', async () => {
    await lab.box('web');
    using terminal = await open(80, 12);
    terminal.enter('corral stats & sleep 0.2; fg');
    await until(() => terminal.screen().includes('[1] '), 'it is started');
    const started = terminal.screen();
    await until(() => terminal.screen().includes('q ends it'), 'it is drawn');
    const [, pid] = /^\[1\] (\d+)$/m.exec(started) ?? [];
    process.kill(Number(pid), 'SIGTERM');
    await terminal.untilPrompt();
    terminal.enter('echo ended with $?');
    await terminal.untilPrompt();
    expect(terminal.screen()).toBe(`${started}\ncorral stats\nTerminated\n$ echo ended with $?\nended with 143\n$`);
  });

  it('stops by Ctrl-Z and goes on', async () => {
    await lab.box('web');
    using terminal = await open(80, 12);
    terminal.enter('corral stats');
    await until(() => terminal.screen().includes('q ends it'), 'it is drawn');
    terminal.press('C-z');
    await terminal.untilPrompt();
    expect(terminal.screen()).toMatch(/Stopped +corral stats\n\$$/);
    terminal.enter('fg');
    await until(() => terminal.screen().includes('q ends it'), 'it is drawn again');
    terminal.press('q');
    await terminal.untilPrompt();
    expect(terminal.screen()).toMatch(/\$ fg\ncorral stats\n\$$/);
  });

  it('of containers that are named ends with them', async () => {
    await lab.box('web');
    using terminal = await open(80, 12);
    terminal.enter('corral stats web --interval 100ms; echo over');
    await until(() => terminal.screen().includes('1 container, '), 'it is drawn');
    await lab.corral(['kill', 'web']);
    await terminal.untilPrompt();
    expect(terminal.screen()).toMatch(/\nover\n\$$/);
  });
});
