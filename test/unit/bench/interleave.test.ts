import { describe, expect, it } from 'vitest';
import { interleave, shuffle, withRatios } from '../../../bench/lib/interleave.mjs';

interface Participant {
  name: string;
  perRound?: number;
  rounds?: number;
  start: () => void;
  sample: (count: number) => number[];
  stop: () => void;
}

function participant(name: string, log: string[], more: { perRound?: number; rounds?: number } = {}): Participant {
  return {
    name,
    ...more,
    start: () => log.push(`start ${name}`),
    sample: (count) => {
      log.push(name);
      return Array.from({ length: count }, (_, index) => index + 1);
    },
    stop: () => log.push(`stop ${name}`),
  };
}

const PLAN = { rounds: 2, perRound: 3, warmup: 1, pauseMs: 0 };

describe('interleave', () => {
  it('has all take turns, and starts and stops each once', async () => {
    const log: string[] = [];
    await interleave([participant('a', log), participant('b', log)], { ...PLAN, random: () => 0.999 });
    expect(log).toEqual(['start a', 'start b', 'a', 'b', 'a', 'b', 'a', 'b', 'stop a', 'stop b']);
  });

  it('leaves the warm-up out', async () => {
    const [row] = await interleave([participant('a', [])], PLAN);
    expect(row?.rounds).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(row?.summary).toMatchObject({ count: 6, median: 2 });
  });

  it('takes fewer samples and rounds of what is slow, and warms nothing up that runs once', async () => {
    const log: string[] = [];
    const rows = await interleave([participant('a', log, { perRound: 1 }), participant('b', log, { rounds: 1 })], PLAN);
    expect(rows.map(({ rounds }) => rounds)).toEqual([[[1], [1]], [[1, 2, 3]]]);
    expect(log.filter((entry) => entry === 'b')).toHaveLength(1);
  });

  it('stops what it has started when a measurement fails', async () => {
    const log: string[] = [];
    const failing = {
      ...participant('bad', log),
      sample: () => {
        throw new Error('no luck');
      },
    };
    await expect(interleave([participant('a', log), failing], PLAN)).rejects.toThrow('no luck');
    expect(log.slice(-2)).toEqual(['stop a', 'stop bad']);
  });

  it('has no summary of what gave no sample', async () => {
    const empty = { name: 'a', sample: () => [] };
    expect((await interleave([empty], PLAN))[0]?.summary).toBeNull();
  });
});

it('adds the ratio to one of the rows', async () => {
  const rows = await interleave(
    [
      { name: 'a', sample: () => [6] },
      { name: 'b', sample: () => [2] },
    ],
    PLAN,
  );
  expect(withRatios(rows, 'b').map(({ ratio }) => [ratio?.to, ratio?.median])).toEqual([
    ['b', 3],
    ['b', 1],
  ]);
});

it('shuffles without losing anybody', () => {
  const items = [1, 2, 3, 4, 5];
  expect(shuffle(items, Math.random).toSorted()).toEqual(items);
  expect(shuffle(items, () => 0)).toEqual([2, 3, 4, 5, 1]);
});
