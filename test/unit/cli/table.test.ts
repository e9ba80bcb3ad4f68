import { describe, expect, it } from 'vitest';
import { countProcesses, formatKill } from '../../../src/cli/kill-report.js';
import { quoteCommand } from '../../../src/cli/quote.js';
import { type Column, formatTable } from '../../../src/cli/table.js';

interface Row {
  readonly name: string;
  readonly size: number;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SIZE', align: 'right', cell: ({ size }) => String(size) },
  { title: 'TEXT', cell: ({ text }) => text },
];

const ROWS: readonly Row[] = [
  { name: 'a', size: 5, text: 'short' },
  { name: 'longer', size: 12345, text: 'a rather long text' },
];

describe('a table', () => {
  it('is as wide as its widest cells, and has no blanks at the ends of lines', () => {
    expect(formatTable(ROWS, COLUMNS, Infinity)).toBe(
      ['NAME     SIZE  TEXT', 'a           5  short', 'longer  12345  a rather long text', ''].join('\n'),
    );
  });

  it('fits the terminal', () => {
    const lines = formatTable(ROWS, COLUMNS, 24).trimEnd().split('\n');
    expect(lines).toEqual(['NAME     SIZE  TEXT', 'a           5  short', 'longer  12345  a rather…']);
    expect(Math.max(...lines.map((line) => line.length))).toBe(24);
  });

  it('without rows is its header', () => {
    expect(formatTable([], COLUMNS, 80)).toBe('NAME  SIZE  TEXT\n');
  });
});

describe('a command', () => {
  it.each([
    [['ls', '-l', '/tmp/a_b.c'], 'ls -l /tmp/a_b.c'],
    [['sh', '-c', 'echo "$A" | wc'], `sh -c 'echo "$A" | wc'`],
    [['echo', "it's"], `echo 'it'\\''s'`],
    [['echo', ''], `echo ''`],
    [['printf', 'a\nb\u001b[31m\\'], String.raw`printf $'a\nb\x1b[31m\\'`],
    [['grüße', '日本'], `'grüße' '日本'`],
  ])('%j can be typed as %s', (words, text) => {
    expect(quoteCommand(words)).toBe(text);
  });
});

describe('a kill', () => {
  it('is told in words', () => {
    expect(formatKill({ processes: 12, durationMs: 3.4, rung: 'cgroup.kill', gone: true })).toBe(
      '12 processes killed in 3 ms',
    );
    expect(formatKill({ processes: 1, durationMs: 0.1, rung: 'cgroup.kill', gone: true })).toBe(
      '1 process killed in 1 ms',
    );
    expect(countProcesses(0)).toBe('no processes');
  });
});
