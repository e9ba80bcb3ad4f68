import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../../src/util/moment.js';

describe('parseMoment', () => {
  const now = Date.UTC(2024, 10, 22, 18);

  it('reads how long ago it was', () => {
    expect(parseMoment('10m', now)).toBe(now - 600_000);
    expect(parseMoment('1h30m', now)).toBe(now - 5_400_000);
    expect(parseMoment('1.5s500ms', now)).toBe(now - 2000);
    expect(parseMoment('90', now)).toBe(now - 90_000);
  });

  it('reads dates and times', () => {
    expect(parseMoment('2024-11-22T17:00:00Z', now)).toBe(now - 3_600_000);
    expect(parseMoment('2024-11-22t17:00:00.25z', now)).toBe(now - 3_599_750);
    expect(parseMoment('2024-11-22 17:00+01:00', now)).toBe(now - 7_200_000);
    expect(parseMoment('2024-11-22', now)).toBe(new Date(2024, 10, 22).getTime());
    expect(parseMoment('2024-11-22T17:00', now)).toBe(new Date(2024, 10, 22, 17).getTime());
    expect(parseMoment('2024-02-29', now)).toBe(new Date(2024, 1, 29).getTime());
  });

  it('reads seconds since 1970', () => {
    expect(parseMoment('1700000000', now)).toBe(1_700_000_000_000);
    expect(parseMoment('1700000000.25', now)).toBe(1_700_000_000_250);
  });

  it('knows what is no moment', () => {
    const others = [
      '',
      'yesterday',
      '10x',
      '10m5',
      '-5m',
      '2024-13-01',
      '2024-02-30',
      '2024-11-22T25:00:00Z',
      '2024-11',
      `${'9'.repeat(400)}s`,
    ];
    for (const text of others) expect(parseMoment(text, now), text).toBeUndefined();
  });
});
