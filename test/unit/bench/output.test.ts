import { describe, expect, it } from 'vitest';
import { keepNewest } from '../../../bench/lib/json.mjs';
import { fillMarkers } from '../../../bench/lib/markers.mjs';
import { loadWarning, machineLabel } from '../../../bench/lib/machine.mjs';
import { plotBars } from '../../../bench/lib/plot-bars.mjs';
import { plotLines } from '../../../bench/lib/plot-lines.mjs';
import { decades, ticks } from '../../../bench/lib/svg.mjs';
import { formatMarkdown, formatTable, formatValue, groupRows } from '../../../bench/lib/table.mjs';

const ROWS = [
  { name: 'corral', summary: { count: 2, median: 1500, p10: 1200, p90: 2000 }, ratio: { to: 'floor', median: 1.5 } },
  { name: 'floor', summary: { count: 2, median: 1000, p10: 900, p90: 1300 }, ratio: { to: 'floor', median: 1 } },
];

describe('tables', () => {
  it('show a group with its ratios', () => {
    expect(formatTable(groupRows({ rows: ROWS }, 'µs'))).toBe(
      [
        '         median      p10      p90  × floor',
        'corral  1.50 ms  1.20 ms  2.00 ms     1.50',
        'floor   1.00 ms   900 µs  1.30 ms     1.00',
      ].join('\n'),
    );
  });

  it('are Markdown, too', () => {
    expect(
      formatMarkdown([
        ['', 'n'],
        ['a', '1'],
      ]),
    ).toBe('|  | n |\n| --- | ---: |\n| a | 1 |');
  });

  it('show three digits, in a unit that suits', () => {
    const shown = [0.1234, 12.34, 999, 1000, 123_456, 12_345_678].map((value) => formatValue(value, 'µs'));
    expect(shown).toEqual(['0.12 µs', '12.3 µs', '999 µs', '1.00 ms', '123 ms', '12.3 s']);
    expect(formatValue(2600, '/s')).toBe('2600 /s');
  });
});

describe('plots', () => {
  it('have a bar for each row, with its spread and its ratio', () => {
    const svg = plotBars([{ title: 'a < b', rows: ROWS, unit: 'µs' }]);
    expect(svg.match(/<rect /g)).toHaveLength(2);
    expect(svg).toContain('1.50 ms · 1.50 ×');
    expect(svg).toContain('a &#60; b');
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('turn to dots on a logarithmic scale where bars would hide the small ones', () => {
    const slow = { name: 'slow', summary: { count: 1, median: 90_000, p10: 90_000, p90: 90_000 } };
    const none = { name: 'none', summary: { count: 1, median: 10, p10: 0, p90: 20 } };
    const svg = plotBars([{ title: 't', rows: [...ROWS, slow, none], unit: 'µs' }]);
    expect(svg.match(/<circle /g)).toHaveLength(4);
    expect(svg).toContain('logarithmic');
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it('have a line for each series', () => {
    const series = [
      { name: 'x', values: [1, 2] },
      { name: 'y', values: [0, 0] },
    ];
    const svg = plotLines({ times: [0, 10], timeUnit: 's', panels: [{ title: 'p', unit: '', series }] });
    expect(svg.match(/<polyline /g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it('have round numbers at their axes', () => {
    expect(ticks(10)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(0.37).map((tick) => tick.toFixed(1))).toEqual(['0.0', '0.1', '0.2', '0.3']);
    expect(decades(90, 2000)).toEqual([10, 100, 1000, 10_000]);
    expect(decades(10, 10)).toEqual([10, 100]);
  });
});

describe('machines', () => {
  it('have a label without a name in it', () => {
    expect(machineLabel({ cores: 2, kernel: '6.18.44-fc-v657' })).toBe('2-core-6.18');
  });

  it('are said to be busy when they are', () => {
    expect(loadWarning({ loadAverage: 0.4 }, 2)).toBeUndefined();
    expect(loadWarning({ loadAverage: 3 }, 2)).toContain('load average 3 on 2 cores');
  });
});

describe('fillMarkers', () => {
  const page = 'Before\n<!-- numbers:a -->\nold\n<!-- /numbers -->\nafter\n';

  it('replaces what is between them', () => {
    expect(fillMarkers(page, { a: 'new' })).toBe('Before\n<!-- numbers:a -->\n\nnew\n\n<!-- /numbers -->\nafter\n');
  });

  it('can be done again', () => {
    const once = fillMarkers(page, { a: 'new' });
    expect(fillMarkers(once, { a: 'new' })).toBe(once);
  });

  it('leaves alone what was not measured, and refuses what has no place', () => {
    expect(fillMarkers(page, {})).toBe(page);
    expect(() => fillMarkers(page, { b: 'new' })).toThrow('numbers:b');
  });
});

describe('keepNewest', () => {
  it('takes each case from the last results that have it', () => {
    const at = (date: string, ...ids: string[]) => ({ date, cases: ids.map((id) => ({ id, date })) });
    expect(keepNewest([at('1', 'a', 'b'), at('2', 'a'), at('3', 'a', 'c')])).toEqual([at('1', 'b'), at('3', 'a', 'c')]);
  });
});
