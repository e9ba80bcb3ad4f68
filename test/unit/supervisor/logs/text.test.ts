import { describe, expect, it } from 'vitest';
import { LogText } from '../../../../src/supervisor/logs/text.js';
import type { LogLine } from '../../../../src/supervisor/logs/types.js';

const time = '2024-11-22T18:03:01.123456789Z';

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  data: Buffer.from(text),
  stream: 'stdout',
  time,
  ...more,
});

const show = (lines: readonly LogLine[], options?: { timestamps?: boolean }): string => {
  const text = new LogText(options);
  return Buffer.concat(lines.map((each) => text.format(each))).toString();
};

describe('LogText', () => {
  it('ends lines, and puts pieces together', () => {
    expect(show([line('a'), line('b', { partial: true }), line('c')])).toBe('a\nbc\n');
  });

  it('begins lines with their time, and no pieces', () => {
    const lines = [line('b', { partial: true }), line('e', { stream: 'stderr' }), line('c'), line('d')];
    expect(show(lines, { timestamps: true })).toBe(`${time} b${time} e\nc\n${time} d\n`);
  });

  it('leaves a raw log as it is', () => {
    expect(show([{ data: Buffer.from('a\nb') }], { timestamps: true })).toBe('a\nb');
  });
});
