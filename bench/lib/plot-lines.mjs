// What changes over time, one small plot for each thing, below each other on one axis of time. Pure.
import { line, shape, svgDocument, text, ticks } from './svg.mjs';

const WIDTH = 860;
const LEFT = 70;
const RIGHT = 20;
const PANEL = 120;
const HEAD = 30;
const FOOT = 30;

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {readonly number[]} values - one for each time
 *
 * @param {{ times: readonly number[], timeUnit: string, panels: readonly { title: string, unit: string, series: readonly Series[] }[] }} plot
 *   at most two series in a panel
 * @returns {string} an SVG document
 */
export function plotLines({ times, timeUnit, panels }) {
  const to = Math.max(times.at(-1), 1e-9);
  const x = (time) => LEFT + (time / to) * (WIDTH - LEFT - RIGHT);
  const bottom = panels.length * PANEL;
  return svgDocument(WIDTH, bottom + FOOT, [
    ...panels.flatMap((panel, index) => plotPanel(panel, times, { x, top: index * PANEL })),
    ...ticks(to, 8).map((tick) => text(formatTick(tick), x(tick), bottom + 8, 'quiet middle')),
    text(timeUnit, WIDTH - RIGHT, bottom + 24, 'quiet end'),
  ]);
}

function plotPanel({ title, unit, series }, times, { x, top }) {
  const first = top + HEAD;
  const last = top + PANEL - 12;
  const most = Math.max(...series.flatMap(({ values }) => values), 1e-9);
  const y = (value) => last - (value / most) * (last - first);
  return [
    text(`${title}${unit === '' ? '' : `, ${unit}`}`, LEFT, top + 20, 'title'),
    ...series.map(({ name }, index) =>
      text(
        name,
        WIDTH - RIGHT - (series.length - 1 - index) * 90,
        top + 20,
        index === 1 ? 'end second-text' : 'end first-text',
      ),
    ),
    ...ticks(most, 3).flatMap((tick) => [
      line(LEFT, y(tick), WIDTH - RIGHT, y(tick), 'grid'),
      text(formatTick(tick), LEFT - 8, y(tick) + 4, 'quiet end'),
    ]),
    ...series.map(({ values }, index) =>
      shape('polyline', {
        points: values.map((value, i) => `${x(times[i]).toFixed(1)},${y(value).toFixed(1)}`).join(' '),
        class: index === 1 ? 'line second' : 'line',
      }),
    ),
  ];
}

function formatTick(value) {
  return Number(value.toPrecision(6)).toLocaleString('en');
}
