import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Paint } from '../../../src/cli/style.js';
import { type Column, formatTable } from '../../../src/cli/table.js';

interface Row {
  readonly name: string;
  readonly size: number;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name, min: 4 },
  { title: 'SIZE', align: 'right', cell: ({ size }) => String(size), optional: true },
  { title: 'TEXT', cell: ({ text }) => text, min: 6 },
];

const ROWS: readonly Row[] = [
  { name: 'a', size: 5, text: 'short' },
  { name: 'longer', size: 12345, text: 'a rather long text' },
];

const plain: Paint = (_style, text) => text;

const format = async (width: number, rows = ROWS): Promise<string[]> =>
  (await formatTable(rows, COLUMNS, { width, paint: plain })).split('\n').slice(0, -1);

describe('a table', () => {
  it('is as wide as its widest cells, and has no blanks at the ends of lines', async () => {
    expect(await format(Infinity)).toEqual([
      'NAME     SIZE  TEXT',
      'a           5  short',
      'longer  12345  a rather long text',
    ]);
  });

  it('without rows is its header', async () => {
    expect(await format(80, [])).toEqual(['NAME  SIZE  TEXT']);
  });

  it.each([
    [33, ['NAME     SIZE  TEXT', 'a           5  short', 'longer  12345  a rather long text']],
    [24, ['NAME     SIZE  TEXT', 'a           5  short', 'longer  12345  a rather…']],
    // The text at its least, then the name.
    [20, ['NAME    SIZE  TEXT', 'a          5  short', 'long…  12345  a rat…']],
    [19, ['NAME   SIZE  TEXT', 'a         5  short', 'lon…  12345  a rat…']],
    // Without what may be left out, there is room again.
    [18, ['NAME    TEXT', 'a       short', 'longer  a rather …']],
    [12, ['NAME  TEXT', 'a     short', 'lon…  a rat…']],
    // And if that is not enough, lines are cut.
    [9, ['NAME  TE…', 'a     sh…', 'lon…  a …']],
    [5, ['NAME', 'a', 'lon…']],
    [1, ['…', 'a', '…']],
  ])('fits %d columns', async (width, expected) => {
    expect(await format(width)).toEqual(expected);
  });

  it('counts what a terminal shows, not characters', async () => {
    const rows = [
      { name: '日本', size: 1, text: 'e\u0301te\u0301 e\u0301te\u0301' },
      { name: 'abcd', size: 22, text: 'été été' },
    ];
    expect(await format(Infinity, rows)).toEqual([
      'NAME  SIZE  TEXT',
      '日本     1  e\u0301te\u0301 e\u0301te\u0301',
      'abcd    22  été été',
    ]);
    // A wide character is never cut in half.
    const wide = [{ name: 'x', size: 1, text: '日本語のテキスト' }];
    expect(await format(20, wide)).toEqual(['NAME  SIZE  TEXT', 'x        1  日本語…']);
    expect(await format(19, wide)).toEqual(['NAME  SIZE  TEXT', 'x        1  日本語…']);
  });

  it('paints what is seen, and only that', async () => {
    const columns: readonly Column<Row>[] = [
      { title: 'NAME', cell: ({ name }) => name, style: ({ size }) => (size > 9 ? 'red' : undefined), min: 4 },
      { title: 'SIZE', cell: ({ size }) => String(size), style: () => 'green' },
    ];
    const paint: Paint = (style, text) => `<${style}>${text}</>`;
    const table = await formatTable(ROWS, columns, { width: 11, paint });
    expect(table.split('\n')).toEqual([
      '<bold>NAME</>  <bold>SIZE</>',
      'a     <green>5</>',
      '<red>lon…</>  <green>12345</>',
      '',
    ]);
    const cut = await formatTable(ROWS, columns, { width: 5, paint });
    expect(cut.split('\n').map((line) => line.replace(/<[^>]*>/g, ''))).toEqual(['NAME', 'a', 'lon…', '']);
    expect(stripVTControlCharacters(table)).toBe(table);
  });
});
