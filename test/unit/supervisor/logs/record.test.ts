import { describe, expect, it } from 'vitest';
import {
  type LogMark,
  type LogRecord,
  NOWHERE,
  PositionSearch,
  encodeMark,
  parseLogLine,
  positionsAfter,
  recordBytes,
} from '../../../../src/supervisor/logs/record.js';

const TIME = '2024-11-22T18:03:01.123456789Z';

const record = (stream: 'stdout' | 'stderr', end: number, more: Partial<LogRecord> = {}): LogRecord => ({
  time: TIME,
  stream,
  text: '',
  end,
  ...more,
});

const mark = (stdout: number, stderr: number): LogMark => ({
  mark: { stdout: { end: stdout, open: false }, stderr: { end: stderr, open: true } },
});

describe('parseLogLine', () => {
  it('reads records and marks', () => {
    const line = record('stderr', 5, { text: 'é', partial: true });
    expect(parseLogLine(Buffer.from(JSON.stringify(line)))).toEqual(line);
    expect(parseLogLine(encodeMark(mark(1, 2).mark))).toEqual(mark(1, 2));
    const { text: _, ...bytes } = record('stdout', 1, { base64: '/w==' });
    expect(parseLogLine(Buffer.from(JSON.stringify(bytes)))).toEqual(bytes);
  });

  it('knows what corral did not write', () => {
    const { text: _, ...empty } = record('stdout', 1);
    const others = [
      'nonsense',
      '',
      '\0\0\0',
      'null',
      '1',
      '[]',
      '{"mark":null}',
      '{"mark":{}}',
      '{"mark":{"stdout":{"end":0,"open":false}}}',
      '{"mark":{"stdout":{"end":0.5,"open":false},"stderr":{"end":0,"open":false}}}',
      '{"mark":{"stdout":{"end":0},"stderr":{"end":0,"open":false}}}',
      JSON.stringify(empty),
      JSON.stringify({ ...record('stdout', 1), stream: 'stdin' }),
      JSON.stringify({ ...record('stdout', 1), time: 5 }),
      JSON.stringify({ ...record('stdout', 1), end: '5' }),
    ];
    for (const other of others) expect(parseLogLine(Buffer.from(other)), other).toBeUndefined();
  });
});

describe('recordBytes', () => {
  it('returns text as UTF-8, and other bytes as they were', () => {
    expect(recordBytes(record('stdout', 1, { text: 'é' }))).toEqual(Buffer.from('é'));
    expect(recordBytes({ time: TIME, stream: 'stdout', base64: '/w==', end: 1 })).toEqual(Buffer.from([0xff]));
    expect(recordBytes({ time: TIME, stream: 'stdout', end: 1 })).toEqual(Buffer.alloc(0));
  });
});

describe('positionsAfter', () => {
  it('moves the stream of a record, and both by a mark', () => {
    const moved = positionsAfter(NOWHERE, record('stdout', 7, { partial: true }));
    expect(moved).toEqual({ stdout: { end: 7, open: true }, stderr: { end: 0, open: false } });
    expect(positionsAfter(moved, record('stderr', 3))).toEqual({ ...moved, stderr: { end: 3, open: false } });
    expect(positionsAfter(moved, mark(1, 2))).toEqual(mark(1, 2).mark);
  });
});

describe('PositionSearch', () => {
  it('finds the last record of each stream', () => {
    const search = new PositionSearch();
    expect(search.take(record('stdout', 9))).toBe(false);
    expect(search.take(record('stdout', 4, { time: '1970' }))).toBe(false);
    expect(search.take(record('stderr', 3, { partial: true, time: '1970' }))).toBe(true);
    expect(search.positions).toEqual({ stdout: { end: 9, open: false }, stderr: { end: 3, open: true } });
    expect(search.lastTime).toBe(TIME);
  });

  it('takes from a mark what it has not found', () => {
    const search = new PositionSearch();
    search.take(record('stdout', 9));
    expect(search.take(mark(1, 2))).toBe(true);
    expect(search.positions).toEqual({ stdout: { end: 9, open: false }, stderr: { end: 2, open: true } });
  });

  it('is at the beginning where nothing was found', () => {
    const search = new PositionSearch();
    expect(search.positions).toEqual(NOWHERE);
    expect(search.lastTime).toBeUndefined();
  });
});
