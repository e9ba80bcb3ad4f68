// Results as text. Pure.

/** @param {readonly (readonly string[])[]} rows - the first is the head; all columns but the first stand to the right */
export function formatTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))))
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

/** The same as Markdown. */
export function formatMarkdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** One group of a case, as rows for {@link formatTable}. */
export function groupRows({ rows }, unit) {
  const base = rows.find(({ ratio }) => ratio !== undefined)?.ratio.to;
  const head = ['', 'median', 'p10', 'p90', ...(base === undefined ? [] : [`× ${base}`])];
  return [
    head,
    ...rows.map(({ name, summary: { median, p10, p90 }, ratio }) => [
      name,
      ...[median, p10, p90].map((value) => formatValue(value, unit)),
      ...(base === undefined ? [] : [ratio === undefined ? '' : ratio.median.toFixed(2)]),
    ]),
  ];
}

/** A number with three significant digits or all its integer ones, in a unit that suits its size. */
export function formatValue(value, unit) {
  if (unit === 'µs' && Math.abs(value) >= 10_000_000) return `${round(value / 1_000_000)} s`;
  if (unit === 'µs' && Math.abs(value) >= 1000) return `${round(value / 1000)} ms`;
  return `${round(value)} ${unit}`;
}

function round(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
