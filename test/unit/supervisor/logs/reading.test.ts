import { describe, expect, it } from 'vitest';
import { Pressure } from '../../../../src/supervisor/logs/pressure.js';
import { createReading } from '../../../../src/supervisor/logs/reading.js';
import type { LogRecord } from '../../../../src/supervisor/logs/record.js';
import { Selection, toLogLine } from '../../../../src/supervisor/logs/selection.js';
import { TerminalSource } from '../../../../src/supervisor/logs/terminal-source.js';

const record = (second: number, more: Partial<LogRecord> = {}): LogRecord => ({
  time: `1970-01-01T00:00:0${String(second)}.000000000Z`,
  stream: 'stdout',
  text: 'x',
  end: 1,
  ...more,
});

describe('Selection', () => {
  it('takes what lies between two times, their own included', () => {
    const selection = new Selection({ since: 2000, until: 4000 }, { isFromStart: false });
    expect([1, 2, 3, 4, 5].map((second) => selection.take(record(second)))).toEqual([false, true, true, true, false]);
    expect([1, 2, 4, 5].map((second) => selection.weigh(record(second)))).toEqual(['early', 'start', 'start', 'other']);
  });

  it('takes a line as a whole', () => {
    const selection = new Selection({ since: 2000, until: 3000 }, { isFromStart: false });
    const pieces = [
      record(1, { partial: true }),
      record(2, { continued: true }),
      record(3, { partial: true }),
      record(4, { continued: true, partial: true, stream: 'stderr' }),
      record(4, { continued: true, partial: true }),
      record(5, { continued: true }),
    ];
    expect(pieces.map((each) => selection.take(each))).toEqual([false, false, true, false, true, true]);
    expect(selection.weigh(record(2, { continued: true }))).toBe('other');
  });

  it('takes the rest of a line whose beginning is gone, where all is wanted', () => {
    const rest = record(1, { continued: true });
    expect(new Selection({}, { isFromStart: true }).take(rest)).toBe(true);
    expect(new Selection({}, { isFromStart: false }).take(rest)).toBe(false);
  });

  it('makes lines of records', () => {
    const { time } = record(1);
    expect(toLogLine(record(1))).toEqual({ data: Buffer.from('x'), stream: 'stdout', time });
    expect(toLogLine(record(1, { partial: true }))).toMatchObject({ partial: true });
  });
});

describe('createReading', () => {
  it('is over at once, unless it follows', () => {
    expect(createReading({}, undefined).isLast()).toBe(true);
    expect(createReading({ follow: true }, undefined).isLast()).toBe(false);
  });

  it('is over when the container is, the caller has enough, or the time has come', () => {
    const over = new AbortController();
    const enough = new AbortController();
    let now = 100;
    const reading = createReading({ follow: true, until: 200, signal: enough.signal }, over.signal, () => now);
    expect(reading.isLast()).toBe(false);
    now = 201;
    expect(reading.isLast()).toBe(true);
    now = 100;
    over.abort();
    expect(reading.isLast()).toBe(true);
    const other = createReading({ follow: true, signal: enough.signal }, undefined);
    expect(other.isLast()).toBe(false);
    enough.abort();
    expect(other.isLast()).toBe(true);
  });
});

describe('Pressure', () => {
  it('tells of much once, and of little once', () => {
    const told: string[] = [];
    const pressure = new Pressure({ onBehind: () => told.push('behind'), onCaughtUp: () => told.push('caught up') });
    for (const kib of [0, 1024, 1025, 5000, 65, 64, 0, 1025]) pressure.tell(kib * 1024);
    expect(told).toEqual(['behind', 'caught up', 'behind']);
  });

  it('tells nobody who does not want to know', () => {
    const pressure = new Pressure({});
    for (const kib of [1025, 0]) pressure.tell(kib * 1024);
  });
});

describe('TerminalSource', () => {
  it('keeps what is not in the log', () => {
    const source = new TerminalSource(100);
    expect(source.unread).toBe(0);
    source.push(Buffer.from('hello'));
    source.push(Buffer.from(' world'));
    expect(source.unread).toBe(11);
    expect(source.look()).toEqual({ start: 100, size: 111 });
    const bytes = source.read(100, Buffer.alloc(6));
    expect(bytes.toString()).toBe('hello ');
    source.release(106);
    expect(source.read(106, Buffer.alloc(100)).toString()).toBe('world');
    expect(source.look()).toEqual({ start: 106, size: 111 });
    expect(source.empty()).toBe(false);
    source.rest();
  });
});
