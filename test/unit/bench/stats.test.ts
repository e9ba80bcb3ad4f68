import { describe, expect, it } from 'vitest';
import { median, pairedRatio, quantile, slope, summarize } from '../../../bench/lib/stats.mjs';

describe('quantile', () => {
  it('is the middle one of an odd number, in any order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('lies between the two middle ones of an even number', () => {
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('interpolates between neighbours', () => {
    expect(quantile([10, 20, 30, 40, 50], 0.1)).toBeCloseTo(14);
    expect(quantile([10, 20, 30, 40, 50], 0.9)).toBeCloseTo(46);
  });

  it('sorts by value, not by text', () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it('has the smallest and the largest at its ends', () => {
    expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1), quantile([7], 0.5)]).toEqual([1, 3, 7]);
  });

  it('leaves its samples as they are', () => {
    const samples = [3, 1, 2];
    median(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  it('does not make a number of nothing', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

it('summarizes', () => {
  expect(summarize([1, 2, 3])).toEqual({ count: 3, median: 2, p10: 1.2, p90: 2.8 });
});

describe('pairedRatio', () => {
  it('compares within each round, so that a slow round does not count', () => {
    expect(pairedRatio([[2, 2], [20]], [[1], [10, 10]]).median).toBe(2);
  });

  it('leaves rounds out in which one side has nothing', () => {
    expect(pairedRatio([[2], [], [6]], [[1], [1], [3]])).toMatchObject({ count: 2, median: 2 });
    expect(pairedRatio([[2], [6]], [[1]])).toMatchObject({ count: 1, median: 2 });
  });
});

describe('slope', () => {
  it('is that of the line on which the points are', () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: 5 - 2 * x }));
    expect(slope(points)).toBeCloseTo(-2);
  });

  it('is 0 where there is no line', () => {
    expect(slope([{ x: 1, y: 7 }])).toBe(0);
    expect(slope([])).toBe(0);
  });
});
