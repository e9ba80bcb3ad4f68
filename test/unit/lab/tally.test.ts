import { describe, expect, it } from 'vitest';
import { parseResult } from '../../lab/lib/result.mjs';
import { addTallies, tallyPiece } from '../../lab/lib/tally.mjs';
import type { Line } from '../../lab/reporter.js';

const lines = (...all: Line[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join('');
const started = (name: string, file = 'cli/a'): Line => ({ kind: 'started', file, name });
const ended = (name: string, state: 'passed' | 'failed' | 'skipped', text?: string): Line => ({
  ...{ kind: 'test', file: 'cli/a', name, state },
  ...(text !== undefined && { text }),
});
const FILE: Line = { kind: 'file', file: 'cli/a', ms: 12 };
const END: Line = { kind: 'end' };

describe('tallyPiece', () => {
  it('counts, and keeps why', () => {
    const text = lines(
      ...[started('one'), ended('one', 'passed'), ended('two', 'skipped', 'needs root'), ended('three', 'skipped')],
      ...[started('four'), ended('four', 'failed', 'was 1'), { kind: 'error', file: '', text: 'unhandled' } as const],
      ...[FILE, END],
    );
    expect(tallyPiece(text, ['cli/a'], 'exit 1')).toEqual({
      passed: 1,
      failed: 2,
      skipped: 2,
      failures: [
        { name: 'cli/a > four', text: 'was 1' },
        { name: 'outside of any test', text: 'unhandled' },
      ],
      skips: [
        { name: 'cli/a > two', reason: 'needs root' },
        { name: 'cli/a > three', reason: 'no reason given' },
      ],
      fileMs: { 'cli/a': 12 },
    });
  });

  it('names the test that was running when its time was over, and the files that never ran', () => {
    const text = `${lines(started('one'), ended('one', 'passed'), started('two'))}{"kind":"te`;
    expect(tallyPiece(text, ['cli/a', 'cli/b'], 'its 9 s were over')).toMatchObject({
      passed: 1,
      failed: 2,
      failures: [
        { name: 'cli/a > two', text: 'was running: its 9 s were over' },
        { name: 'cli/b', text: 'not run: its 9 s were over' },
      ],
    });
  });

  it('fails when nothing was said', () => {
    expect(tallyPiece('', ['cli/a'], 'the guest has ended first').failures).toEqual([
      { name: 'cli/a', text: 'not run: the guest has ended first' },
    ]);
  });

  it('fails when all has passed but the end is missing', () => {
    expect(tallyPiece(lines(ended('one', 'passed'), FILE), ['cli/a'], 'exit 137').failures).toEqual([
      { name: 'the run', text: 'has not ended: exit 137' },
    ]);
  });
});

describe('addTallies', () => {
  it('adds up', () => {
    const one = tallyPiece(lines(ended('one', 'passed'), FILE, END), ['cli/a'], '');
    const other = tallyPiece(lines(ended('one', 'failed', 'x'), { ...FILE, file: 'cli/b' }, END), [], '');
    expect(addTallies([one, other])).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: 0,
      fileMs: { 'cli/a': 12, 'cli/b': 12 },
    });
  });
});

describe('parseResult', () => {
  it.each([
    ['exit 0\n', { status: 0, text: '' }],
    ['exit 137\n{"a":1}\nb', { status: 137, text: '{"a":1}\nb' }],
    ['', undefined],
    ['exit', undefined],
  ])('of %j', (text, result) => {
    expect(parseResult(text)).toEqual(result);
  });
});
