import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/oci/program.js';
import { VERBS } from '../../../src/oci/verbs.js';

const MANUAL = readFileSync(new URL('../../../docs/oci.md', import.meta.url), 'utf8');

/** Rows of the manual's tables, by their first word. */
function rowOf(name: string): string | undefined {
  return MANUAL.split('\n').find((line) => line.startsWith('| `') && new RegExp(`\`${name}[ \`]`).test(line));
}

test.each(Object.entries(VERBS))('docs/oci.md has %s and its flags', async (name, { load }) => {
  const command = new Command(name);
  (await load()).configure?.(command);
  const row = rowOf(name) ?? '';
  expect(row, `a row of ${name}`).not.toBe('');
  // Those of create are those of run.
  const text = name === 'run' ? `${row}${rowOf('create') ?? ''}` : row;
  const flags = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  expect(flags.filter((flag) => !text.includes(flag))).toEqual([]);
});

test('docs/oci.md has the flags before the verb', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await runCommandLine(['--help'], {});
  const help = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  const flags = help.match(/^ {2}(-\w, )?--[\w-]+/gm) ?? [];
  expect(flags.length).toBeGreaterThan(6);
  expect(flags.filter((flag) => rowOf(flag.replace(/^.*--/, '--')) === undefined)).toEqual([]);
});
