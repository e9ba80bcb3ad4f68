import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/lab.js';
import { findByArgument } from '../../helpers/leaks.js';
import { bash } from '../../helpers/pty.js';
import { requires } from '../../helpers/requires.js';
import { Screen } from '../../helpers/tmux.js';
import { MAIN, makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

let screen: Screen;
let directory: string;

const OUT = 'out> ';

beforeEach(async (context) => {
  requires(context, { programs: ['tmux', 'bash'] });
  directory = mkdtempSync('/var/tmp/corral-test-');
  screen = await Screen.open(bash(OUT), { CORRAL_STATE_DIR: lab.stateDir, CORRAL: `${process.execPath} ${MAIN}` });
  await atPrompt(OUT);
});

afterEach(async () => {
  await screen.close();
  rmSync(directory, { recursive: true });
});

/** Waits until the last line is a prompt and nothing else. */
function atPrompt(prompt: string): Promise<readonly string[]> {
  return screen.shows(`the prompt ${prompt}`, (rows) => rows.findLast((row) => row !== '') === prompt.trim());
}

/** Waits for a row. */
function sees(row: RegExp): Promise<readonly string[]> {
  return screen.shows(String(row), (rows) => rows.some((text) => row.test(text)));
}

/** Starts a container on the screen, from its shell. */
async function run(...words: readonly string[]): Promise<void> {
  await screen.enter(`clear; $CORRAL run -q --cgroup-parent ${lab.cgroupParent} -it ${words.join(' ')}`);
}

const count = (rows: readonly string[], row: RegExp): number => rows.filter((text) => row.test(text)).length;

describe('on a screen', () => {
  it('vi edits a file, follows the size of the window, and gives the screen back', async (context) => {
    requires(context, { programs: ['vi'] });
    const file = join(directory, 'text');
    writeFileSync(file, 'first\n');
    await run('-v', `${directory}:/data`, 'vi', '-u', 'NONE', '-i', 'NONE', '-n', '/data/text');
    const small = await screen.shows('vi', (rows) => rows[0] === 'first' && (rows[23] ?? '').includes('text'));
    expect(count(small, /^~/)).toBe(22);
    await screen.resize(100, 40);
    await screen.shows('more of vi', (rows) => count(rows, /^~/) === 38);
    await screen.type('osecond, below it');
    await screen.press('Escape');
    // Ctrl-C and Ctrl-\\ are keys like all others.
    await screen.press('C-c');
    await sees(/^second, below it$/);
    await screen.type(':wq');
    await screen.press('Enter');
    await atPrompt(OUT);
    expect(readFileSync(file, 'utf8')).toBe('first\nsecond, below it\n');
  });

  it('less pages, searches, and follows the size of the window', async (context) => {
    requires(context, { programs: ['less'] });
    await run('sh', '-c', '"seq -f line-%.0f 1 200 | less"');
    await screen.shows('the first page', (rows) => rows[0] === 'line-1' && rows[22] === 'line-23' && rows[23] === ':');
    await screen.press('Space');
    await screen.shows('the second page', (rows) => rows[0] === 'line-24' && rows[22] === 'line-46');
    await screen.resize(60, 12);
    await screen.shows(
      'a smaller page',
      (rows) => rows[0] === 'line-24' && rows[10] === 'line-34' && rows.length === 12,
    );
    await screen.enter('/line-150');
    await screen.shows('what was sought', (rows) => rows[0] === 'line-150');
    await screen.press('q');
    await atPrompt(OUT);
  });

  it('htop shows the container’s processes and no others', async (context) => {
    requires(context, { programs: ['htop'] });
    await run('htop');
    const rows = await screen.shows(
      'htop',
      (text) => text.some((row) => row.includes('corral-init')) && (text[23] ?? '').includes('F10'),
    );
    expect(count(rows, /^ +\d+ root/)).toBe(2);
    await screen.resize(120, 35);
    await screen.shows(
      'a larger htop',
      (text) => (text[34] ?? '').includes('F10') && !(text[23] ?? '').includes('F10'),
    );
    await screen.press('F10');
    await atPrompt(OUT);
  });

  it('bash has job control: an editor is stopped and taken up again', async (context) => {
    requires(context, { programs: ['vi'] });
    await run(...bash("'in> '"));
    await atPrompt('in>');
    await screen.enter('clear; vi -u NONE -i NONE -n /tmp/new');
    await screen.shows('vi', (rows) => count(rows, /^~/) === 22);
    await screen.press('C-z');
    await sees(/Stopped +vi/);
    await screen.enter('jobs; tty');
    await sees(/^\/dev\/pts\/0$/);
    await screen.enter('fg');
    await screen.shows('vi again', (rows) => count(rows, /^~/) === 22);
    await screen.enter(':q!');
    await screen.press('C-d');
    await atPrompt(OUT);
  });

  it('a container that is killed gives the screen back in working order', async (context) => {
    requires(context, { programs: ['vi'] });
    await screen.enter('before=$(stty -g)');
    await run('--name', 'edits', 'vi', '-u', 'NONE', '-i', 'NONE', '-n', '/tmp/new');
    await screen.shows('vi', (rows) => count(rows, /^~/) === 22);
    await lab.corral(['kill', 'edits']);
    await until(() => findByArgument('edits').length === 0, 'corral has left the screen');
    await screen.enter('clear; test "$before" = "$(stty -g)" && echo as before');
    await sees(/^as before$/);
  });

  it('exec has a terminal of its own, of the size of the window', async () => {
    await lab.box('runs');
    await screen.resize(90, 30);
    await screen.enter(`clear; $CORRAL exec -it runs ${bash("'in> '").join(' ')}`);
    await atPrompt('in>');
    await screen.enter('stty size; hostname; echo $TERM');
    const rows = await sees(/^runs$/);
    expect(rows).toContain('30 90');
    await screen.resize(70, 20);
    await screen.enter('clear; until stty size | grep "^20 70"; do sleep 0.05; done');
    await sees(/^20 70$/);
    await screen.enter('exit');
    await atPrompt(OUT);
  });
});
