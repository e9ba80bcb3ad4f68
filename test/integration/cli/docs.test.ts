import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERBS } from '../../../src/cli/verbs.js';
import { type Example, isSameOutput, normalise, parseExamples, replaceExamples } from '../../helpers/examples.js';
import { endSupervisor } from '../../helpers/end-supervisor.js';
import { requires } from '../../helpers/requires.js';
import { makeShim } from '../../helpers/shim.js';
import { Terminal } from '../../helpers/terminal.js';
import { makeCliLab } from './cli-lab.js';

/** The pages whose sessions are played. */
const PAGES = ['cli.md', 'supervisor.md'] as const;

/** `UPDATE_DOCS=1` writes anew what has changed, and `UPDATE_DOCS=all` everything. */
const UPDATE = process.env['UPDATE_DOCS'];

const SIZE = { columns: 80, rows: 24 };

const lab = makeCliLab();
const shim = makeShim(lab);
const manuals = PAGES.map((page) => {
  const path = fileURLToPath(new URL(`../../../docs/${page}`, import.meta.url));
  const text = readFileSync(path, 'utf8');
  return { page, path, text, examples: parseExamples(text), captured: new Map<number, string>() };
});

afterEach(() => endSupervisor(lab.stateDir));

afterAll(() => {
  rmSync(shim.directory, { recursive: true });
  if (UPDATE === undefined) return;
  for (const { path, text, captured } of manuals) writeFileSync(path, replaceExamples(text, captured));
});

describe.each(manuals)('every example of docs/$page', ({ examples, captured }) => {
  let directory: string;

  beforeEach((context) => {
    requires(context, {
      root: true,
      cgroup2: true,
      idmap: true,
      controllers: ['memory', 'pids'],
      programs: ['tmux', 'bash'],
    });
    directory = mkdtempSync(join(tmpdir(), 'corral-test-docs-'));
    return () => rmSync(directory, { recursive: true });
  });

  it.each(examples.map((example) => [`${example.heading}, line ${String(example.line)}`, example] as const))(
    'is as it is shown: %s',
    async (_name, example) => {
      const text = await play(example, directory);
      const isSame = isSameOutput(text, example.text);
      if (UPDATE === 'all' || (UPDATE !== undefined && !isSame)) captured.set(example.line, text);
      else if (!isSame) expect(normalise(text), 'UPDATE_DOCS=1 writes it anew').toBe(normalise(example.text));
    },
  );
});

describe('docs/cli.md', () => {
  const examples = manuals.flatMap((manual) => (manual.page === 'cli.md' ? manual.examples : []));

  it.each(Object.keys(VERBS))('has a section on corral %s, with its help and an example', (verb) => {
    const own = examples.filter(({ heading }) => heading === `corral ${verb}`).flatMap(({ commands }) => commands);
    expect(own, `a heading "## corral ${verb}", and below it a block of console`).not.toEqual([]);
    expect(own).toContain(`corral ${verb} --help`);
    expect(own.filter((command) => command.includes(`corral ${verb} `) && !command.endsWith('--help'))).not.toEqual([]);
  });
});

/** Plays a session in a real terminal. @returns what is to be seen of it then */
async function play(example: Example, directory: string): Promise<string> {
  for (const words of example.meanwhile) await startBox(words);
  await using terminal = await Terminal.open({ ...SIZE, env: shim.env, cwd: directory });
  for (const command of example.before) await terminal.run(command);
  if (example.before.length > 0) await terminal.clear();
  for (const command of example.commands.slice(0, example.screen === undefined ? undefined : -1)) {
    await terminal.run(command);
  }
  const text = await (example.screen === undefined ? terminal.transcript() : watch(terminal, example));
  return `${tidy(text)}\n`;
}

async function watch(terminal: Terminal, { commands, screen }: Example): Promise<string> {
  const command = commands.at(-1) ?? '';
  await terminal.enter(command);
  const shown = await terminal.shows(screen?.until ?? /./);
  await terminal.press(screen?.press ?? 'q');
  await terminal.untilPrompt();
  return `$ ${command}\n${shown}\n$`;
}

/** Without the last prompt, without what names the lab, and without notes about the host. */
function tidy(text: string): string {
  return text
    .replace(/\n?\$$/, '')
    .replaceAll(lab.cgroupParent, 'corral')
    .replace(/^corral: note: .*\n/gm, '');
}

async function startBox(words: string): Promise<void> {
  const [, name = '', rest = ''] = /^corral run --name (\S+) (.*)$/.exec(words) ?? [];
  const [flags = '', command = ''] = rest.split(/(?:^| )-- /);
  expect(command, `meanwhile: corral run --name NAME [FLAG...] -- COMMAND; this is ${words}`).not.toBe('');
  await lab.box(name, split(flags), split(command));
}

/** Splits words as far as the examples need it: at blanks, but not inside single quotes. */
function split(words: string): readonly string[] {
  return [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
