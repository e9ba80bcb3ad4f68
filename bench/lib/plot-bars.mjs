// Medians side by side, with the spread from p10 to p90 and the ratio to what they are compared with. Pure.
import { decades, line, shape, svgDocument, text, ticks } from './svg.mjs';
import { formatValue } from './table.mjs';

const WIDTH = 860;
const RIGHT = 170;
const ROW = 22;
const HEAD = 34;
const FOOT = 34;
const CHARACTER = 6.6;

/** Beyond this, bars on a linear scale hide the small ones: then it is dots on a logarithmic one. */
const MAX_LINEAR = 25;

/**
 * @typedef {Pick<import('./interleave.mjs').Row, 'name' | 'summary'> & { ratio?: { to: string, median: number } }} Bar
 *
 * @param {readonly { title: string, rows: readonly Bar[], unit: string, more?: boolean }[]} groups
 * @returns {string} an SVG document, the groups one below the other
 */
export function plotBars(groups) {
  const names = groups.flatMap(({ rows }) => rows.map(({ name }) => name.length));
  const left = Math.max(...names) * CHARACTER + 30;
  let y = 0;
  const elements = groups.flatMap((group) => {
    const drawn = plotGroup(group, y, left);
    y += heightOf(group);
    return drawn;
  });
  return svgDocument(WIDTH, y, elements);
}

const heightOf = ({ rows }) => HEAD + rows.length * ROW + FOOT;

function plotGroup({ title, rows, unit, more = false }, top, left) {
  const scale = chooseScale(rows, left);
  const first = top + HEAD;
  const last = first + rows.length * ROW;
  const base = rows.find(({ name, ratio }) => ratio?.to === name);
  const better = [more ? 'more is better' : 'less is better', ...(base ? [`ratio to ${base.name}`] : [])].join('; ');
  return [
    text(title, 12, top + 22, 'title'),
    text(`median, p10 to p90${scale.logarithmic ? ', logarithmic' : ''}; ${better}`, WIDTH - 12, top + 22, 'quiet end'),
    ...scale.ticks.flatMap((tick) => [
      line(scale.x(tick), first, scale.x(tick), last, 'grid'),
      text(formatValue(tick, unit), scale.x(tick), last + 16, 'quiet middle'),
    ]),
    ...(base ? [line(scale.x(base.summary.median), first, scale.x(base.summary.median), last, 'mark')] : []),
    ...rows.flatMap((row, index) => plotRow({ row, unit, scale, y: first + index * ROW })),
  ];
}

function plotRow({ row: { name, summary, ratio }, unit, scale, y }) {
  const { median, p10, p90 } = summary;
  const middle = y + ROW / 2;
  const className = name.startsWith('corral') ? 'own' : ratio?.to === name ? 'base' : 'bar';
  const figure = formatValue(median, unit);
  return [
    text(name, scale.left - 10, middle + 4, 'end'),
    scale.logarithmic
      ? shape('circle', { cx: scale.x(median), cy: middle, r: 5, class: className })
      : shape('rect', {
          x: scale.left,
          y: y + 4,
          width: scale.x(median) - scale.left,
          height: ROW - 8,
          class: className,
        }),
    line(scale.x(p10), middle, scale.x(p90), middle, 'spread'),
    ...[p10, p90].map((value) => line(scale.x(value), middle - 4, scale.x(value), middle + 4, 'spread')),
    text(ratio === undefined ? figure : `${figure} · ${formatRatio(ratio.median)}`, WIDTH - RIGHT + 14, middle + 4),
  ];
}

function formatRatio(ratio) {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} ×`;
}

function chooseScale(rows, left) {
  const medians = rows.map(({ summary }) => summary.median);
  const most = Math.max(...rows.map(({ summary }) => summary.p90));
  const least = Math.min(...rows.map(({ summary }) => summary.p10).filter((value) => value > 0));
  const span = WIDTH - left - RIGHT;
  if (Math.max(...medians) / Math.min(...medians) <= MAX_LINEAR) {
    return { left, logarithmic: false, ticks: ticks(most), x: (value) => left + (value / most) * span };
  }
  const powers = decades(least, most);
  const [from, to] = [Math.log10(powers[0]), Math.log10(powers.at(-1))];
  return {
    left,
    logarithmic: true,
    ticks: powers,
    // A zero, of something that was done already, is at the left end.
    x: (value) => left + ((Math.log10(Math.max(value, powers[0])) - from) / (to - from)) * span,
  };
}
