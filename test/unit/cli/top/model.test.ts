import { describe, expect, it } from 'vitest';
import { NO_HISTORY, advance } from '../../../../src/cli/top/model/history.js';
import { summaryLine } from '../../../../src/cli/top/model/lines.js';
import { listSupervised, mergeTold } from '../../../../src/cli/top/model/merge.js';
import { countEntries, findEntry, listRows } from '../../../../src/cli/top/model/rows.js';
import { drawBar, drawSparks, fit } from '../../../../src/cli/top/model/segments.js';
import { type Entry, SPARKS, type Seen, type SeenStats } from '../../../../src/cli/top/model/types.js';
import { initialState } from '../../../../src/cli/top/model/view-state.js';
import { entry, look, ruler, seen } from './samples.js';

const stats = (figures: Partial<SeenStats> = {}): SeenStats => ({ processes: 1, pressure: {}, ...figures });

const second = (before: Seen, after: Seen, elapsedMs = 1000): Entry => {
  const { history } = advance(NO_HISTORY, look([before], 0));
  return advance(history, look([after], elapsedMs)).entries[0]!;
};

describe('what is shown of two looks', () => {
  it('are rates between them', () => {
    const io = { readBytes: 100, writeBytes: 0 };
    const before = seen('web', { stats: stats({ cpuMs: 100, io, pressure: { cpu: { someMs: 0 } } }) });
    const after = seen('web', {
      stats: stats({ cpuMs: 600, io: { readBytes: 1100, writeBytes: 500 }, pressure: { cpu: { someMs: 200 } } }),
    });
    expect(second(before, after, 2000)).toMatchObject({
      cpuPercent: 25,
      readRate: 500,
      writeRate: 250,
      pressurePercent: 10,
      pressures: [10],
    });
  });

  it('has no rates at first, of another container of that name, and where nothing is counted', () => {
    const counted = stats({ cpuMs: 5, pressure: { cpu: { someMs: 1 } } });
    expect(advance(NO_HISTORY, look([seen('a', { stats: counted })], 0)).entries[0]).not.toHaveProperty('cpuPercent');
    const again = second(
      seen('a', { stats: counted }),
      seen('a', { stats: counted, createdAt: '2026-02-01T00:00:00Z' }),
    );
    expect(again).not.toHaveProperty('cpuPercent');
    expect(again.pressures).toEqual([]);
    expect(second(seen('a', { stats: counted }), seen('a', { stats: counted }), 0)).not.toHaveProperty('cpuPercent');
    expect(second(seen('a', { stats: stats() }), seen('a', { stats: stats() }))).not.toHaveProperty('pressurePercent');
    expect(second(seen('a'), seen('a', { stats: counted }))).not.toHaveProperty('cpuPercent');
  });

  it('knows one inside another by its first process', () => {
    const inner = (pid: number, cpuMs: number): Seen => {
      const { createdAt: _, ...rest } = seen('inner', { path: 'outer/inner', pid, stats: stats({ cpuMs }) });
      return seen('outer', { containers: [rest] });
    };
    expect(second(inner(7, 0), inner(7, 100)).containers[0]).toMatchObject({ cpuPercent: 10 });
    expect(second(inner(7, 0), inner(8, 100)).containers[0]).not.toHaveProperty('cpuPercent');
    expect(second(inner(7, 0), inner(7, 100)).containers[0]).not.toHaveProperty('ageMs');
  });

  it('takes the larger pressure, at most all of the time, and keeps the last ones', () => {
    const stalled = (cpu: number, memory?: number): Seen =>
      seen('a', {
        stats: stats({
          pressure: { cpu: { someMs: cpu }, ...(memory === undefined ? {} : { memory: { someMs: memory } }) },
        }),
      });
    expect(second(stalled(0, 0), stalled(100, 300)).pressurePercent).toBe(30);
    expect(second(stalled(0), stalled(1500)).pressurePercent).toBe(100);
    const memoryOnly = (someMs: number): Seen => seen('a', { stats: stats({ pressure: { memory: { someMs } } }) });
    expect(second(memoryOnly(0), memoryOnly(50)).pressurePercent).toBe(5);
    let { history } = advance(NO_HISTORY, look([stalled(0)], 0));
    for (let at = 1; at <= SPARKS + 5; at++) {
      const next = advance(history, look([stalled(at * 10)], at * 1000));
      history = next.history;
      expect(next.entries[0]!.pressures).toHaveLength(Math.min(at, SPARKS));
    }
  });

  it('never goes backwards', () => {
    expect(
      second(seen('a', { stats: stats({ cpuMs: 9 }) }), seen('a', { stats: stats({ cpuMs: 3 }) })).cpuPercent,
    ).toBe(0);
  });

  it('has what is told of a container, and an estimate where nothing counts', () => {
    const shown = advance(NO_HISTORY, {
      at: 0,
      time: Date.parse('2026-01-01T00:01:00Z'),
      containers: [
        seen('a', {
          stats: stats({ memoryMaxBytes: 10, pids: 3, pidsMax: 5, oomKills: 2 }),
          estimatedMemoryBytes: 7,
          supervised: { restarts: 1, health: 'healthy' },
        }),
        seen('gone', { createdAt: 'nonsense' }),
        seen('later', { createdAt: '2026-01-01T00:02:00Z' }),
      ],
    }).entries;
    expect(shown[0]).toMatchObject({
      ageMs: 60_000,
      memoryBytes: 7,
      memoryEstimated: true,
      memoryMaxBytes: 10,
      oomKills: 2,
      restarts: 1,
      health: 'healthy',
      labels: {},
    });
    expect(shown[1]).not.toHaveProperty('ageMs');
    expect(shown[1]).toMatchObject({ memoryEstimated: false, processes: 0 });
    expect(shown[2]).toMatchObject({ ageMs: 0 });
  });
});

describe('what a supervisor tells', () => {
  const told = (id: string, more: object = {}) => ({
    id,
    status: 'running',
    command: ['x'],
    labels: { a: 'b' },
    createdAt: '2026-01-01T00:00:00Z',
    restarts: 2,
    ...more,
  });

  it('is added to what was seen', () => {
    const merged = mergeTold(
      [seen('web'), seen('other')],
      [told('web', { status: 'stopping', health: 'unhealthy' })],
      [],
    );
    expect(merged[0]).toMatchObject({ status: 'stopping', supervised: { restarts: 2, health: 'unhealthy' } });
    expect(merged[1]).not.toHaveProperty('supervised');
  });

  it('is there for those that do not run, but for those that are not named', () => {
    const merged = mergeTold([], [told('web', { status: 'waiting' }), told('db')], ['web']);
    expect(merged).toHaveLength(1);
    expect(merged[0]).toMatchObject({ path: 'web', status: 'waiting', supervised: { restarts: 2 }, containers: [] });
    expect(mergeTold([], [told('web'), told('db')], [])).toHaveLength(2);
  });

  it('is not about one of the same name inside another', () => {
    const { createdAt: _unknown, ...inner } = seen('web', { path: 'outer/web' });
    const merged = mergeTold([inner], [told('web')], ['outer/web']);
    expect(merged).toHaveLength(1);
    expect(merged[0]).not.toHaveProperty('supervised');
  });

  it('is about one that was started from inside another, where that is shown', () => {
    const inner = seen('outer.1f.job', { path: 'outer/outer.1f.job' });
    const merged = mergeTold([seen('outer', { containers: [inner] })], [told('outer.1f.job')], []);
    expect(merged).toHaveLength(1);
    expect(merged[0]!.containers).toEqual([{ ...inner, supervised: { restarts: 2 } }]);
    expect([...listSupervised(merged)]).toEqual([['outer/outer.1f.job', 'outer.1f.job']]);
  });

  it('has the figures of one that only the supervisor sees', () => {
    const [one] = mergeTold([], [told('web', { pid: 7, stats: stats({ pids: 3 }) })], []);
    expect(one).toMatchObject({ path: 'web', pid: 7, stats: { pids: 3 } });
  });
});

describe('the list', () => {
  const all = { sort: 'name', reversed: false, filter: '', folded: new Set<string>() } as const;
  const inner = entry('inner', { path: 'b/inner', containers: [entry('deep', { path: 'b/inner/deep' })] });
  const entries = [
    entry('a', { cpuPercent: 1, memoryBytes: 30, pids: 1, pressurePercent: 5, labels: { role: 'Front' } }),
    entry('b', { cpuPercent: 9, memoryBytes: 10, pids: 3, containers: [inner, entry('last', { path: 'b/last' })] }),
    entry('c', { memoryBytes: 20, processes: 2, pressurePercent: 7 }),
  ];
  const ids = (how: object): readonly string[] => listRows(entries, { ...all, ...how }).map(({ entry: { id } }) => id);

  it('is a tree', () => {
    expect(listRows(entries, all).map(({ branches, entry: { id } }) => branches + id)).toEqual([
      'a',
      'b',
      '├─ inner',
      '│  └─ deep',
      '└─ last',
      'c',
    ]);
    expect(countEntries(entries)).toBe(6);
  });

  it.each([
    ['cpu', 'b,inner,deep,last,a,c'],
    ['memory', 'a,c,b,inner,deep,last'],
    ['pids', 'b,inner,deep,last,c,a'],
    ['pressure', 'c,a,b,inner,deep,last'],
    ['name', 'a,b,inner,deep,last,c'],
  ] as const)('is ordered by %s', (sort, order) => {
    expect(ids({ sort }).join()).toBe(order);
  });

  it('is ordered the other way round', () => {
    expect(ids({ sort: 'name', reversed: true })).toEqual(['c', 'b', 'last', 'inner', 'deep', 'a']);
    expect(ids({ sort: 'cpu', reversed: true })[0]).toBe('c');
  });

  it('leaves out what does not fit the filter, but not what is around that which does', () => {
    expect(ids({ filter: 'DEEP' })).toEqual(['b', 'inner', 'deep']);
    expect(listRows(entries, { ...all, filter: 'deep' }).map(({ around }) => around)).toEqual([true, true, false]);
    expect(ids({ filter: 'role=front' })).toEqual(['a']);
    expect(ids({ filter: 'nothing' })).toEqual([]);
  });

  it('leaves out those that have ended, where they are not wanted, and counts them', () => {
    const kept = ['exited', 'created', 'waiting'].map((status) => entry(status, { status }));
    expect(listRows(kept, { ...all, hidesEnded: true }).map(({ entry: { id } }) => id)).toEqual(['waiting']);
    expect(listRows(kept, all)).toHaveLength(3);
    const text = (hides: boolean): string =>
      summaryLine(kept, initialState(undefined, hides), 1000)
        .map((segment) => segment.text)
        .join('');
    expect(text(true)).toContain('1 container, 2 ended  cpu');
    expect(text(false)).toContain('3 containers  cpu');
  });

  it('is folded, unless something is sought', () => {
    const folded = new Set(['b', 'a', 'b/inner']);
    expect(ids({ folded })).toEqual(['a', 'b', 'c']);
    expect(listRows(entries, { ...all, folded }).map((row) => row.folded)).toEqual([false, true, false]);
    expect(ids({ folded, filter: 'deep' })).toEqual(['b', 'inner', 'deep']);
  });

  it('is searched by path', () => {
    expect(findEntry(entries, 'b/inner/deep')?.id).toBe('deep');
    expect(findEntry(entries, 'b/none')).toBeUndefined();
    expect(findEntry(entries, 'z')).toBeUndefined();
  });
});

describe('pieces of a line', () => {
  it('are cut or filled to a width', () => {
    const text = (segments: readonly { readonly text: string }[]): string => segments.map((one) => one.text).join('');
    expect(text(fit([{ text: 'ab' }, { text: 'cd' }], 6, ruler))).toBe('abcd  ');
    expect(text(fit([{ text: 'ab' }, { text: 'cd' }], 6, ruler, 'right'))).toBe('  abcd');
    expect(text(fit([{ text: 'ab' }, { text: 'cd' }], 3, ruler))).toBe('ab…');
    expect(text(fit([{ text: 'ab' }], 0, ruler))).toBe('');
    expect(text(fit([{ text: '漢字' }], 3, ruler))).toBe('漢…');
  });

  it('are bars and levels', () => {
    expect(drawBar(0, 4)).toBe('');
    expect(drawBar(0.5, 4)).toBe('██');
    expect(drawBar(1 / 32, 4)).toBe('▏');
    expect(drawBar(7, 2)).toBe('██');
    expect(drawBar(-1, 2)).toBe('');
    expect(drawSparks([0, 1, 50, 100, 200], 4)).toBe('▂▅██');
    expect(drawSparks([0], 4)).toBe('▁');
    expect(drawSparks([], 4)).toBe('');
  });
});
