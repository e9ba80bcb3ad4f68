import { mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.js';
import { Terminal } from '../../helpers/terminal.js';
import { MAIN, makeCliLab } from './cli-lab.js';

const lab = makeCliLab();

let terminal: Terminal;
let directory: string;

const corral = `${process.execPath} ${MAIN}`;
/** Something that does not end when it is asked to. */
const DEAF = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'];

beforeEach(async (context) => {
  requires(context, { programs: ['tmux', 'bash', 'tar'] });
  directory = mkdtempSync('/var/tmp/corral-test-');
  terminal = await Terminal.open({ env: { CORRAL_STATE_DIR: lab.stateDir, TERM: 'screen' }, cwd: directory });
});

afterEach(async () => {
  await terminal[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe('what takes longer than a second', () => {
  it('is told of while it goes on, and not when it is done: a stop', async () => {
    await lab.box('web', [], DEAF);
    await terminal.enter(`${corral} stop -t 4s web`);
    await terminal.shows(/^web: waiting for it to end, kill in [123]s$/m);
    await terminal.untilPrompt();
    const text = await terminal.screen();
    expect(text).toMatch(/^web: killed: it had not ended after 4/m);
    expect(text).not.toContain('waiting');
  });

  it('is told of below what has been printed meanwhile', async () => {
    await lab.box('one', [], ['sleep', '1000']);
    await lab.box('two', [], DEAF);
    await terminal.enter(`${corral} stop -t 4s two one two`);
    await terminal.shows(/waiting for it to end/);
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/^two: killed.*\none: ended in/m);
  });

  it('is told of: a wait, and a copy with how much and how fast', async () => {
    await lab.box('web');
    await terminal.enter(
      `(dd if=/dev/zero bs=64k count=64 status=none of=big; tar c big; sleep 3) | ${corral} cp - web:/tmp`,
    );
    await terminal.shows(/^[\d.]+MB copied, [\d.]+[KM]B a second$/m);
    await terminal.untilPrompt();
    expect(await terminal.screen()).not.toContain('copied');
    await terminal.enter(`${corral} wait web`);
    await terminal.shows(/^waiting for web to end, for \d/m);
    await lab.corral(['kill', 'web']);
    await terminal.untilPrompt();
    expect(await terminal.screen()).toMatch(/^137$/m);
  });

  it('is not told of to scripts: with --json, and where standard error is no terminal', async () => {
    await lab.box('one', [], DEAF);
    await lab.box('two', [], DEAF);
    await terminal.run(`${corral} stop -t 2s one 2> stderr; wc -c < stderr`);
    expect(await terminal.screen()).toMatch(/^0$/m);
    // All that a terminal was sent is in its file.
    await terminal.run(
      `script -qec "${corral} stop -t 2s --json two" typescript > /dev/null; grep -c waiting typescript`,
    );
    expect(await terminal.screen()).toMatch(/^0$/m);
  });
});
