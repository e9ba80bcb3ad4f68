import { describe, expect, it } from 'vitest';
import { formatScreen } from '../../../src/cli/stats/live.js';
import { type Sample, type Use, compareSamples, useToJson } from '../../../src/cli/stats/sample.js';
import type { Paint } from '../../../src/cli/style.js';
import type { ContainerInfo } from '../../../src/container/info.js';

type Stats = ContainerInfo['stats'];

const stats = (figures: Partial<Stats> = {}): Stats => ({ processes: 2, frozen: false, pressure: {}, ...figures });

const info = (id: string, figures: Partial<Stats>, createdAt = '2026-01-01T00:00:00Z'): ContainerInfo => ({
  id,
  status: 'running',
  command: ['sleep'],
  labels: {},
  createdAt,
  processes: 2,
  stats: stats(figures),
});

const sample = (at: number, ...containers: readonly ContainerInfo[]): Sample => ({ at, containers });

describe('CPU use', () => {
  it('is what was used between two looks', () => {
    const before = sample(1000, info('one', { cpuMs: 100 }), info('two', { cpuMs: 0 }));
    const now = sample(3000, info('one', { cpuMs: 600 }), info('two', { cpuMs: 3000.004 }));
    expect(compareSamples(now, before).map(({ cpuPercent }) => cpuPercent)).toEqual([25, 150]);
  });

  it('is unknown at first, without a count, and of a new container of an old name', () => {
    const before = sample(0, info('known', { cpuMs: 5 }), info('countless', {}), info('again', { cpuMs: 50 }));
    const now = sample(
      1000,
      info('known', { cpuMs: 5 }),
      info('countless', {}),
      info('again', { cpuMs: 60 }, '2026-01-02T00:00:00Z'),
      info('new', { cpuMs: 9 }),
    );
    const percents = (uses: readonly Use[]): unknown => uses.map(({ cpuPercent }) => cpuPercent);
    expect(percents(compareSamples(now, before))).toEqual([0, undefined, undefined, undefined]);
    expect(percents(compareSamples(now, undefined))).toEqual([undefined, undefined, undefined, undefined]);
    expect(percents(compareSamples(before, before))).toEqual([undefined, undefined, undefined]);
  });

  it('is never negative', () => {
    const before = sample(0, info('one', { cpuMs: 100 }));
    expect(compareSamples(sample(10, info('one', { cpuMs: 99 })), before)).toMatchObject([{ cpuPercent: 0 }]);
  });

  it('goes into one object with the rest', () => {
    const [use] = compareSamples(sample(0, info('one', { memoryBytes: 5 })), undefined);
    expect(useToJson(use!)).toEqual({
      id: 'one',
      status: 'running',
      processes: 2,
      frozen: false,
      memoryBytes: 5,
      pressure: {},
    });
  });
});

describe('the screen of figures', () => {
  const plain: Paint = (_style, text) => text;
  const tagged: Paint = (style, text) => `<${style}>${text}</>`;

  const use = (id: string, figures: Partial<Stats> = {}, cpuPercent?: number): Use => ({
    id,
    status: 'running',
    stats: stats(figures),
    ...(cpuPercent === undefined ? {} : { cpuPercent }),
  });

  const draw = (uses: readonly Use[], rows: number, paint = plain, columns = 80): Promise<string[]> =>
    formatScreen(uses, { columns, rows }, { intervalMs: 1000, paint });

  it('has all that is known, and - for what is not', async () => {
    const full = use(
      'full',
      {
        memoryBytes: 1.5 * 1024 ** 2,
        memoryMaxBytes: 64 * 1024 ** 2,
        pids: 3,
        pidsMax: 20,
        io: { readBytes: 4096, writeBytes: 0, reads: 1, writes: 0 },
        memoryPeakBytes: 2 * 1024 ** 2,
        swapBytes: 0,
        pressure: { cpu: { someMs: 5, someAvg10: 12.6 }, io: { someMs: 0, someAvg10: 0 } },
      },
      12.34,
    );
    expect(await draw([full, use('bare')], 24)).toEqual([
      'NAME  STATUS   CPU %  MEMORY/LIMIT  MEM %  PIDS/LIMIT  READ/WRITTEN  PEAK  SWAP',
      'full  running  12.3%      1.5M/64M   2.3%        3/20          4K/0    2M     0',
      'bare  running      -             -      -         2/-             -     -     -',
      '',
      '2 containers, every 1s; q ends it',
    ]);
    const [header, row, bare] = await draw([full, use('bare')], 24, plain, 100);
    expect(header).toMatch(/SWAP {2}STALLED C\/M\/IO$/);
    expect(row).toMatch(/ {7}13%\/-\/0%$/);
    expect(bare).toMatch(/ -$/);
  });

  it('shows what is near its limit', async () => {
    const near = use('near', { memoryBytes: 80, memoryMaxBytes: 100, pids: 95, pidsMax: 100 });
    const [, row] = await draw([near], 24, tagged);
    expect(row).toContain('<yellow>80.0%</>');
    expect(row).toContain('<red>95/100</>');
  });

  it.each([
    [6, ['a', 'b', 'c'], 0],
    [5, ['a'], 2],
    [4, [], 3],
    [1, [], 3],
  ])('of %d rows shows what there is room for', async (rows, names, more) => {
    const lines = await draw(
      ['a', 'b', 'c'].map((name) => use(name)),
      rows,
    );
    expect(lines.slice(1, 1 + names.length).map((line) => line[0])).toEqual(names);
    expect(lines.includes(`… and ${String(more)} more`)).toBe(more > 0);
  });

  it('of nothing says so', async () => {
    expect((await draw([], 24)).at(-1)).toBe('no containers, every 1s; q ends it');
    expect((await draw([use('a')], 24)).at(-1)).toBe('1 container, every 1s; q ends it');
    expect(Math.max(...(await draw([], 24, plain, 20)).map((line) => line.length))).toBeLessThanOrEqual(20);
  });
});
