import { describe, expect, it } from 'vitest';
import { WATCHED_AT_REST, judgeSoak } from '../../../bench/lib/soak-verdict.mjs';
import { summarize } from '../../../bench/lib/stats.mjs';
import { atLeast, atMost, fasterThan } from '../../../bench/lib/verdict.mjs';

const row = (
  name: string,
  ...samples: number[]
): { name: string; rounds: number[][]; summary: ReturnType<typeof summarize> } => ({
  name,
  rounds: samples.map((sample) => [sample]),
  summary: summarize(samples),
});

describe('the targets', () => {
  const rows = [row('corral', 3, 3), row('floor', 2, 2), row('runc', 33, 30)];

  it('at most so many times as long', () => {
    expect(atMost('(a)', rows, ['corral', 'floor'], 1.5)).toEqual([
      { target: '(a) ≤ 1.5 × floor', value: '1.50 ×', met: true },
    ]);
    expect(atMost('(a)', rows, ['corral', 'floor'], 1.4)[0]?.met).toBe(false);
  });

  it('so many times as fast', () => {
    expect(fasterThan('(a)', rows, ['corral', 'runc'], 10)[0]).toMatchObject({ value: '10.50 ×', met: true });
    expect(fasterThan('(a)', rows, ['corral', 'runc'], 11)[0]?.met).toBe(false);
    expect(fasterThan('(a)', rows, ['corral', 'floor'], 1)[0]).toMatchObject({
      target: '(a) faster than floor',
      met: false,
    });
  });

  it('at least so many times as much', () => {
    expect(atLeast('(c)', rows, ['runc', 'corral'], 2)[0]).toMatchObject({ value: '10.50 × (runc)', met: true });
    expect(atLeast('(c)', rows, ['corral', 'runc'], 2)[0]?.met).toBe(false);
  });

  it('says nothing about what is not installed here', () => {
    expect(fasterThan('(a)', rows, ['corral', 'crun'], 4)).toEqual([]);
    expect(atMost('(a)', rows, ['corral', 'crun'], 4)).toEqual([]);
    expect(atLeast('(a)', rows, ['corral', 'crun'], 4)).toEqual([]);
  });
});

describe('judgeSoak', () => {
  const soak = (change: (index: number) => Partial<Record<string, number>>): ReturnType<typeof judgeSoak> =>
    judgeSoak(
      Array.from({ length: 40 }, (_, index) => ({
        seconds: index * 10,
        rssMb: 80,
        heapMb: 8,
        fds: 40,
        dyingBelowParent: 3,
        dyingBelowRoot: 5,
        startMedianMs: 4,
        startP99Ms: 12,
        ...change(index),
      })),
    );
  const grown = (findings: ReturnType<typeof judgeSoak>): string[] =>
    findings.filter(({ flat }) => !flat).map(({ title }) => title);

  it('finds nothing in what stays as it is', () => {
    const findings = soak(() => ({}));
    expect(findings).toHaveLength(7);
    expect(grown(findings)).toEqual([]);
    expect(findings.every(({ perHour }) => Math.abs(perHour) < 1e-9)).toBe(true);
  });

  it('finds a leak of descriptors, and how fast it is', () => {
    const findings = soak((index) => ({ fds: 40 + index }));
    expect(grown(findings)).toEqual(['open descriptors']);
    expect(findings.find(({ title }) => title === 'open descriptors')?.perHour).toBeCloseTo(360);
  });

  it('finds memory that grows and starts that get slower', () => {
    expect(grown(soak((index) => ({ rssMb: 80 + index })))).toEqual(['RSS of the Node process']);
    expect(grown(soak((index) => ({ startMedianMs: 4 + index / 10 })))).toEqual(['start latency, median']);
    expect(grown(soak((index) => ({ dyingBelowRoot: index * 10 })))).toEqual(['dying cgroups of the machine']);
  });

  it('takes no notice of the warm-up, nor of a single outlier', () => {
    expect(grown(soak((index) => ({ rssMb: index < 4 ? 50 : 80, fds: index === 38 ? 400 : 40 })))).toEqual([]);
  });

  it('finds a single descriptor in a hundred samples, where all should be the same', () => {
    const rest = Object.fromEntries(WATCHED_AT_REST.map(({ key }) => [key, 5]));
    const judge = (change: (index: number) => object): string[] =>
      grown(
        judgeSoak(
          Array.from({ length: 100 }, (_, index) => ({ seconds: index, ...rest, ...change(index) })),
          WATCHED_AT_REST,
        ),
      );
    expect(judge(() => ({}))).toEqual([]);
    expect(judge((index) => ({ files: 5 + Math.floor(index / 50) }))).toEqual(['files in its two directories']);
    expect(judge((index) => ({ fds: 30 + Math.floor(index / 10) }))).toEqual(['its open descriptors']);
    // Between two samples a connection more or less is kept.
    expect(judge((index) => ({ fds: 30 + (index % 3) }))).toEqual([]);
  });

  it('does not judge a handful of samples', () => {
    expect(judgeSoak([{ seconds: 1 }])).toEqual([]);
  });
});
