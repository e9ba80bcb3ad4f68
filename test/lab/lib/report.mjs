// The table of suites and hosts, and what stands below it.

/**
 * @typedef {object} Cell
 * @property {string} host
 * @property {string} suite
 * @property {import('./tally.mjs').Tally} tally
 * @property {number} seconds boots included
 */

/**
 * @param {readonly Cell[]} cells
 * @param {readonly import('./pieces.mjs').LeftOut[]} leftOut
 * @returns {string} `passed/failed/skipped seconds` of each suite on each host; `-` where it was not run
 */
export function formatTable(cells, leftOut) {
  const hosts = [...new Set([...cells, ...leftOut].map(({ host }) => host))];
  const suites = [...new Set([...cells, ...leftOut].map(({ suite }) => suite))].sort();
  const rows = suites.map((suite) => [suite, ...hosts.map((host) => formatCell(cells, suite, host))]);
  return align([['passed/failed/skipped', ...hosts], ...rows]);
}

/** @param {readonly Cell[]} cells @param {string} suite @param {string} host */
function formatCell(cells, suite, host) {
  const cell = cells.find((one) => one.suite === suite && one.host === host);
  if (cell === undefined) return '-';
  const { passed, failed, skipped } = cell.tally;
  return `${passed}/${failed}/${skipped} ${cell.seconds.toFixed(0)} s`;
}

/** @param {readonly (readonly string[])[]} rows */
function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * @param {readonly import('./pieces.mjs').LeftOut[]} leftOut
 * @returns {string[]} one line for each reason: where, and how many files of what
 */
export function formatLeftOut(leftOut) {
  /** @type {Map<string, import('./pieces.mjs').LeftOut[]>} */
  const groups = new Map();
  for (const one of leftOut) {
    const key = `${one.host} ${one.suite} ${one.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [{ host, suite, reason }] = group;
    const files = group.map(({ file }) => file.slice(suite.length + 1).replace('.test.ts', ''));
    return `left out on ${host}: ${suite} (${files.join(', ')}): ${reason}`;
  });
}

/** @param {readonly Cell[]} cells @returns {string[]} */
export function formatFailures(cells) {
  return cells.flatMap(({ host, tally }) =>
    tally.failures.map(
      ({ name, text }) => `FAILED on ${host}: ${name}\n    ${text.split('\n').slice(0, 6).join('\n    ')}`,
    ),
  );
}

/**
 * @param {readonly Cell[]} cells
 * @returns {string[]} one line for each reason on each host: how many tests were skipped for it
 */
export function formatSkips(cells) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { host, tally } of cells) {
    for (const { reason } of tally.skips) counts.set(`${host}: ${reason}`, (counts.get(`${host}: ${reason}`) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} skipped on ${what}`);
}
