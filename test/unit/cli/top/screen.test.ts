import { describe, expect, it } from 'vitest';
import { type Shown, drawScreen, seeingOf } from '../../../../src/cli/top/model/screen.js';
import type { Entry } from '../../../../src/cli/top/model/types.js';
import { type ViewState, initialState } from '../../../../src/cli/top/model/view-state.js';
import { entry, ruler } from './samples.js';

const MEGA = 1024 ** 2;

const web = entry('web', {
  cpuPercent: 12.34,
  memoryBytes: 48 * MEGA,
  memoryMaxBytes: 64 * MEGA,
  pids: 19,
  pidsMax: 20,
  pressurePercent: 60,
  pressures: [0, 20, 60],
  ageMs: 125_000,
  pid: 42,
  labels: { role: 'front' },
  command: ['nginx', '-g', 'daemon off;'],
});
const db = entry('db', {
  status: 'paused',
  memoryBytes: 10,
  memoryEstimated: true,
  oomKills: 2,
  restarts: 3,
  health: 'unhealthy',
  readRate: 2048,
  writeRate: 0,
  pressurePercent: 12,
  containers: [entry('inner', { path: 'db/inner' })],
});

const shown = (
  state: Partial<ViewState> = {},
  entries: readonly Entry[] = [web, db],
  more: Partial<Shown> = {},
): Shown => ({
  entries,
  state: { ...initialState(), ...state },
  details: undefined,
  intervalMs: 1000,
  ruler,
  ...more,
});

const draw = (what: Shown, columns = 80, rows = 24): readonly string[] =>
  drawScreen(what, { columns, rows }).map(({ segments }) => segments.map(({ text }) => text).join(''));

const toneOf = (what: Shown, text: string, columns = 160): string | undefined =>
  drawScreen(what, { columns, rows: 24 })
    .flatMap(({ segments }) => segments)
    .find((segment) => segment.text.trim().startsWith(text))?.tone;

describe('a screen', () => {
  it('of 80 columns has what matters most', () => {
    const [summary, titles, first, second, inner] = draw(shown());
    expect(summary?.trim()).toBe('corral top  3 containers  cpu 12.3%  memory 48M  by cpu  OOM 2  every 1s');
    expect(titles?.split(/ +/).filter(Boolean)).toEqual('NAME STATUS CPU % MEMORY/LIMIT PIDS MARKS HEALTH'.split(' '));
    expect(first).toMatch(/^web +running +12\.3 +48M\/64M ███▊ +19\/20 +$/);
    expect(second).toMatch(/^▾ db +paused +- +~10 +1 +OOM 2 ↻3 +unhealthy *$/);
    expect(inner).toMatch(/^└─ inner/);
  });

  it('that is wide has all of it', () => {
    const [, titles, , second] = draw(shown(), 200);
    expect(titles).toContain('HEALTH');
    expect(titles).toContain('AGE');
    expect(titles).toContain('READ/WRITE');
    expect(titles).toContain('COMMAND');
    expect(second).toContain('unhealthy');
    expect(second).toContain('2K/0');
    expect(draw(shown(), 200)[2]).toContain("nginx -g 'daemon off;'");
    expect(draw(shown(), 200)[2]).toContain(' 2m ');
  });

  it('leaves out columns with nothing to say', () => {
    const [, titles] = draw(shown({}, [web]), 200);
    expect(titles).not.toMatch(/MARKS|HEALTH|READ/);
    expect(draw(shown({}, [web]), 80)[1]).toContain('COMMAND');
  });

  it.each([200, 80, 60, 40, 25, 12, 5, 1])('of %i columns is not wider, whatever the characters are', (columns) => {
    const wide = entry('容器容器容器容器容器容器容器', { command: ['漢字'.repeat(40)] });
    for (const mode of ['list', 'details', 'help', 'filter'] as const) {
      for (const line of draw(shown({ mode, from: 'list', selected: wide.path }, [wide, db]), columns)) {
        expect(ruler.width(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it.each([24, 10, 5, 4, 3, 2, 1])('of %i rows is not higher, and has the footer', (rows) => {
    const many = Array.from({ length: 50 }, (_, index) => entry(`box-${String(index)}`));
    const lines = draw(shown({ selected: 'box-30' }, many), 80, rows);
    expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
    expect(lines.at(-1)).toContain('? help');
    if (rows >= 5) expect(lines.join('\n')).toContain('box-30');
  });

  it('marks the line that the keys are about', () => {
    const lines = drawScreen(shown({ selected: 'db' }), { columns: 80, rows: 24 });
    expect(lines.flatMap(({ selected }, index) => (selected === true ? [index] : []))).toEqual([3]);
  });

  it('says when nothing is there', () => {
    expect(draw(shown({}, []))[2]?.trim()).toBe('no containers');
    expect(draw(shown({ filter: 'x' }))[2]?.trim()).toBe('no container fits x');
    expect(draw(shown({}, [web]))[0]).toContain('1 container ');
  });

  it('shows what is folded, and what is around what was sought', () => {
    expect(draw(shown({ folded: new Set(['db']) }))[3]).toMatch(/^▸ db/);
    expect(draw(shown({ filter: 'inner', reversed: true }))[0]).toContain('by cpu, reversed  /inner');
  });

  it('colours what is short', () => {
    expect(toneOf(shown(), '19/20')).toBe('red');
    expect(toneOf(shown(), '███')).toBe('yellow');
    expect(toneOf(shown(), 'OOM 2')).toBe('red');
    expect(toneOf(shown(), 'unhealthy')).toBe('red');
    expect(toneOf(shown(), '▁▃▆')).toBe('red');
    expect(toneOf(shown({}, [{ ...web, pressurePercent: 12 }]), '▁▃▆')).toBe('yellow');
    expect(toneOf(shown({}, [{ ...web, pids: 2 }]), '2/20')).toBeUndefined();
    expect(toneOf(shown({}, [{ ...web, pidsMax: 0 }]), '19/0')).toBeUndefined();
    expect(toneOf(shown({ filter: 'inner' }), 'db')).toBe('dim');
  });
});

describe('the last line', () => {
  const footer = (state: Partial<ViewState>): string => draw(shown(state)).at(-1)?.trim() ?? '';

  it('asks, tells, and shows the filter as it is typed', () => {
    expect(footer({ mode: 'confirm', asked: { action: 'kill', path: 'web' } })).toBe(
      'kill web? y: yes, any other key: no',
    );
    expect(footer({ mode: 'filter', filter: 'a\u001bb' })).toBe('filter: a\\x1bb▏');
    expect(footer({ message: { text: 'web: paused', failed: false } })).toBe('web: paused');
    expect(footer({ mode: 'help' })).toBe('any key goes back');
    expect(footer({ mode: 'details', from: 'details', selected: 'web' })).toContain('esc back');
    expect(toneOf(shown({ message: { text: 'no', failed: true } }), 'no')).toBe('red');
  });
});

describe('details', () => {
  const state = { mode: 'details', from: 'details', selected: 'web' } as const;
  const details = {
    limits: [['memory', '64M']] as const,
    processes: ['PID  COMMAND', ' 42  nginx'],
    events: [{ time: '2026-01-01T00:00:00Z', text: 'started\u001b' }],
  };

  it('have facts, figures, limits, processes and events', () => {
    const text = draw(shown(state, undefined, { details }), 80, 40).join('\n');
    for (const part of [
      'web  running',
      'role=front',
      '2m 5s',
      '12.3 %',
      '48M/64M',
      '60.0 % of the time',
      ' 42  nginx',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('started\\x1b');
    expect(text).toMatch(/Limits *\n +memory +64M/);
  });

  it('do without what is not known', () => {
    const text = draw(shown({ ...state, selected: 'db' }), 80, 40).join('\n');
    expect(text).not.toMatch(/Limits|Processes|Last events|labels/);
    expect(text).toContain('OOM kills   2');
    expect(text).toContain('restarts    3');
    expect(draw(shown({ ...state, selected: 'db/inner' }), 80, 40).join('\n')).not.toContain('stalled');
    expect(draw(shown({ ...state, selected: 'gone' }))[1]?.trim()).toBe('gone has gone');
    const { selected: _, ...nobody } = state;
    expect(draw(shown(nobody))[1]?.trim()).toBe('has gone');
  });

  it('scroll, stay while something is asked, and never past their end', () => {
    const scrolled = draw(shown({ ...state, scroll: 3 }, undefined, { details }), 80, 10);
    expect(scrolled[1]).not.toContain('web  running');
    const end = draw(shown({ ...state, scroll: 1000 }, undefined, { details }), 80, 10);
    expect(end.join('\n')).toContain('started');
    const asked = draw(
      shown({ ...state, mode: 'confirm', asked: { action: 'stop', path: 'web' } }, undefined, { details }),
    );
    expect(asked[1]).toContain('web  running');
    expect(asked.at(-1)).toContain('stop web?');
  });

  it('tell keys how long they are', () => {
    const size = { columns: 80, rows: 24 };
    expect(seeingOf(shown(state, undefined, { details }), size)).toMatchObject({ room: 21, length: 21 });
    expect(seeingOf(shown(), size)).toMatchObject({ room: 20, length: 0 });
    expect(seeingOf(shown({ mode: 'help' }), size).length).toBeGreaterThan(15);
  });
});
