import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.js';
import { makeShim } from '../../helpers/shim.js';
import { Terminal } from '../../helpers/terminal.js';
import { makeCliLab } from './cli-lab.js';

const lab = makeCliLab();
const shim = makeShim(lab);

afterAll(() => rmSync(shim.directory, { recursive: true }));

beforeEach((context) => requires(context, { programs: ['tmux', 'bash'], cgroup: true }));

const open = (columns: number, rows: number, env = {}): Promise<Terminal> =>
  Terminal.open({ columns, rows, env: { ...shim.env, ...env } });

const ESCAPE = '\u001b';

describe('on a terminal', () => {
  it('a table fits, however long a command is, and whatever it is made of', async () => {
    await lab.box('web', [], ['sh', '-c', 'sleep 1000', '日本語のとても長いコマンド', 'x'.repeat(500)]);
    for (const columns of [200, 80, 60, 40, 20]) {
      await using terminal = await open(columns, 10);
      await terminal.run('corral ps');
      const [, header, row, prompt] = (await terminal.screen()).split('\n');
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
      await using terminal = await open(100, 60, env);
      await terminal.run('corral ps; corral kill nobody; corral ps --help');
      const screen = await terminal.screen({ colours: true });
      expect(screen).toContain('corral: container "nobody"'.slice(colours ? 'corral:'.length : 0));
      expect(screen.includes(`${ESCAPE}[32mrunning`)).toBe(colours);
      expect(screen.includes(`${ESCAPE}[31mcorral:`)).toBe(colours);
      expect(screen.includes(ESCAPE)).toBe(colours);
    }
  });

  it('and TERM=dumb, nothing but text is written', async () => {
    await lab.box('web');
    await using terminal = await open(100, 24);
    await terminal.run('TERM=dumb corral stats --interval 100ms; TERM=dumb corral ps');
    expect(await terminal.screen()).toMatch(
      /\nNAME +STATUS .*\nweb +running .*\nNAME +STATUS .*\nweb +running .*\n\$$/,
    );
    expect(await terminal.screen({ colours: true })).not.toContain(ESCAPE);
  });

  it('the help is as wide as that, and no wider than is easy to read', async () => {
    for (const [columns, longest] of [
      [60, 60],
      [200, 100],
    ] as const) {
      await using terminal = await open(columns, 200);
      await terminal.run('corral run --help');
      const widths = (await terminal.screen())
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
    await using terminal = await open(80, 12);
    await terminal.run('echo before');
    const before = await terminal.screen();
    await terminal.enter('corral stats --interval 200ms');
    await terminal.shows(/^busy +running +[1-9]\d*\.\d%/m);
    expect(await terminal.screen()).toMatch(
      /^NAME .*\nbusy .*\nidle .*\nweb .*\n\n3 containers, every 200ms; q ends it$/,
    );
    await terminal.resize(40, 5);
    await terminal.shows(/… and 2 more/);
    expect(await terminal.screen()).toMatch(/^NAME .*\nbusy .*\n… and 2 more\n\n3 containers, every 200ms; q ends it$/);
    await terminal.resize(80, 12);
    await lab.corral(['kill', 'web']);
    await terminal.shows(/2 containers/);
    await terminal.press('q');
    await terminal.untilPrompt();
    expect(await terminal.screen()).toBe(`${before} corral stats --interval 200ms\n$`);
  });

  it.each([
    ['Ctrl-C', 'C-c', 0],
    ['q', 'q', 0],
  ])('ends by %s, and leaves a terminal that echoes', async (_name, key, code) => {
    await lab.box('web');
    await using terminal = await open(80, 12);
    await terminal.enter('corral stats');
    await terminal.shows(/q ends it/);
    await terminal.press(key);
    await terminal.untilPrompt();
    await terminal.run('echo ended with $?; stty -a | grep -o " -\\?echo "');
    expect(await terminal.screen()).toContain(`ended with ${String(code)}\n echo\n$`);
  });

  it('ends by SIGTERM, and leaves the terminal as it was', async () => {
    await lab.box('web');
    await using terminal = await open(80, 12);
    const file = join(shim.directory, 'pid');
    await terminal.enter(`sh -c 'echo $$ > ${file}; exec corral stats'`);
    await terminal.shows(/q ends it/);
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM');
    await terminal.untilPrompt();
    await terminal.run('echo ended with $?');
    expect(await terminal.screen()).toMatch(
      /^\$ sh -c .*\n?.*corral stats'\nTerminated\n\$ echo ended with \$\?\nended with 143\n\$$/,
    );
  });

  it('stops by Ctrl-Z and goes on', async () => {
    await lab.box('web');
    await using terminal = await open(80, 12);
    await terminal.enter('corral stats');
    await terminal.shows(/q ends it/);
    await terminal.press('C-z');
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/Stopped +corral stats\n\$$/);
    await terminal.enter('fg');
    await terminal.shows(/q ends it/);
    await terminal.press('q');
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/\$ fg\ncorral stats\n\$$/);
  });

  it('of containers that are named ends with them', async () => {
    await lab.box('web');
    await using terminal = await open(80, 12);
    await terminal.enter('corral stats web --interval 100ms; echo over');
    await terminal.shows(/1 container, /);
    await lab.corral(['kill', 'web']);
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/\nover\n\$$/);
  });
});
