import { describe, expect, it } from 'vitest';
import { LogClock, formatMoment } from '../../../../src/supervisor/logs/clock.js';

const START = Date.UTC(2024, 10, 22, 18, 3, 1, 123);

class Sources {
  ms = START;
  ns = 5_000n;
  readonly now = (): number => this.ms;
  readonly ticks = (): bigint => this.ns;
}

describe('LogClock', () => {
  it('has nanoseconds between the milliseconds of the machine', () => {
    const sources = new Sources();
    const clock = new LogClock(undefined, sources);
    expect(clock.read()).toBe('2024-11-22T18:03:01.123000000Z');
    sources.ns += 456_789n;
    expect(clock.read()).toBe('2024-11-22T18:03:01.123456789Z');
  });

  it('follows the machine where that is set', () => {
    const sources = new Sources();
    const clock = new LogClock(undefined, sources);
    clock.read();
    sources.ms += 3_600_000;
    expect(clock.read()).toBe('2024-11-22T19:03:01.123000000Z');
  });

  it('never goes back', () => {
    const sources = new Sources();
    const clock = new LogClock(undefined, sources);
    const before = clock.read();
    sources.ms -= 3_600_000;
    expect(clock.read()).toBe(before);
    sources.ms += 3_600_001;
    expect(clock.read() > before).toBe(true);
  });

  it('goes on where a predecessor was', () => {
    const last = '2031-01-01T00:00:00.000000001Z';
    expect(new LogClock(last, new Sources()).read()).toBe(last);
    expect(new LogClock('2001-01-01T00:00:00.000000001Z', new Sources()).read()).toBe('2024-11-22T18:03:01.123000000Z');
  });

  it('is the machine’s', () => {
    const difference = Date.parse(new LogClock().read()) - Date.now();
    expect(Math.abs(difference)).toBeLessThan(1000);
  });
});

describe('formatMoment', () => {
  it('writes times as records have them', () => {
    expect(formatMoment(START)).toBe('2024-11-22T18:03:01.123000000Z');
    expect(formatMoment(1.5)).toBe('1970-01-01T00:00:00.001500000Z');
  });
});
