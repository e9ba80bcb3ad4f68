import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackwardCount, BackwardLines } from '../../../../src/supervisor/logs/backward.js';

const feedAll = (file: Buffer): { lines: string[]; offsets: number[]; wholeEnd: number | undefined } => {
  const search = new BackwardLines(file.length);
  const lines: string[] = [];
  const offsets: number[] = [];
  for (let { wanted } = search; wanted !== undefined; { wanted } = search) {
    for (const { offset, bytes } of search.feed(file.subarray(wanted.offset, wanted.offset + wanted.length))) {
      lines.push(bytes.toString());
      offsets.push(offset);
    }
  }
  return { lines, offsets, wholeEnd: search.wholeEnd };
};

const count = (file: Buffer, lines: number): number => {
  const search = new BackwardCount(file.length, lines);
  for (let { wanted } = search; wanted !== undefined; { wanted } = search) {
    search.feed(file.subarray(wanted.offset, wanted.offset + wanted.length));
  }
  return search.start;
};

const LENGTHS = fc.constantFrom(0, 1, 5, 1000, 65_535, 65_536, 65_537, 140_000);

const FILE = fc.record({ lines: fc.array(LENGTHS, { maxLength: 8 }), rest: LENGTHS }).map(({ lines, rest }) => ({
  whole: lines.map((length, index) => String(index % 10).repeat(length)),
  rest: 'r'.repeat(rest),
}));

describe('BackwardLines', () => {
  it('finds every line, the last one first', () => {
    expect(feedAll(Buffer.from('a\n\nbc\n'))).toEqual({ lines: ['bc', '', 'a'], offsets: [3, 2, 0], wholeEnd: 6 });
    expect(feedAll(Buffer.from('\n'))).toEqual({ lines: [''], offsets: [0], wholeEnd: 1 });
    expect(feedAll(Buffer.from(''))).toEqual({ lines: [], offsets: [], wholeEnd: undefined });
  });

  it('knows where half a line begins', () => {
    expect(feedAll(Buffer.from('a\nhalf'))).toEqual({ lines: ['a'], offsets: [0], wholeEnd: 2 });
    expect(feedAll(Buffer.from('half'))).toEqual({ lines: [], offsets: [], wholeEnd: undefined });
  });

  it('does so with lines of any length', () => {
    fc.assert(
      fc.property(FILE, ({ whole, rest }) => {
        const text = whole.map((line) => `${line}\n`).join('');
        const found = feedAll(Buffer.from(text + rest));
        expect(found.lines).toEqual(whole.toReversed());
        expect(found.wholeEnd).toBe(whole.length === 0 ? undefined : text.length);
        expect(found.offsets.toReversed()).toEqual(
          whole.map((_, index) => whole.slice(0, index).join(' ').length + (index > 0 ? 1 : 0)),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('BackwardCount', () => {
  it('finds where the last lines begin', () => {
    const file = Buffer.from('a\nb\nc\n');
    expect([0, 1, 2, 3, 4].map((lines) => count(file, lines))).toEqual([6, 4, 2, 0, 0]);
  });

  it('counts what is behind the last newline', () => {
    const file = Buffer.from('a\nb\nc');
    expect([0, 1, 2, 3].map((lines) => count(file, lines))).toEqual([5, 4, 2, 0]);
    expect(count(Buffer.from('c'), 1)).toBe(0);
    expect(count(Buffer.from(''), 1)).toBe(0);
  });

  it('does so with lines of any length', () => {
    fc.assert(
      fc.property(FILE, fc.integer({ min: 0, max: 10 }), ({ whole, rest }, lines) => {
        const parts = [...whole.map((line) => `${line}\n`), ...(rest === '' ? [] : [rest])];
        const file = Buffer.from(parts.join(''));
        expect(count(file, lines)).toBe(file.length - parts.slice(Math.max(0, parts.length - lines)).join('').length);
      }),
      { numRuns: 60 },
    );
  });
});
