// Results as files: one JSON a day and machine, and a plot for each case.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { machineLabel } from './machine.mjs';
import { plotBars } from './plot-bars.mjs';
import { median } from './stats.mjs';
import { ROOT } from './workspace.mjs';

export const RESULTS = join(ROOT, 'bench/results');

/** `2026-01-31-2-core-6.18`: what files of results begin with. */
export function resultStem({ date, machine }) {
  return `${date.slice(0, 10)}-${machineLabel(machine)}`;
}

/**
 * Writes results. Cases that were measured earlier on the same day, and not now, are kept.
 *
 * @returns {string[]} the files, relative to the repository
 */
export function saveResults(results) {
  mkdirSync(RESULTS, { recursive: true });
  const stem = join(RESULTS, resultStem(results));
  const earlier = existsSync(`${stem}.json`) ? readResults(`${stem}.json`).cases : [];
  const now = results.cases.map(({ id }) => id);
  const cases = [...earlier.filter(({ id }) => !now.includes(id)), ...results.cases];
  cases.sort((a, b) => (a.id < b.id ? -1 : 1));
  const written = [`${stem}.json`, ...results.cases.flatMap((result) => savePlot(stem, result))];
  writeFileSync(written[0], `${JSON.stringify({ ...results, cases }, shorten, 2)}\n`);
  return written.map((path) => relative(ROOT, path));
}

function savePlot(stem, { id, groups, unit }) {
  if (groups.length === 0) return [];
  const path = `${stem}-${id}.svg`;
  writeFileSync(path, plotBars(groups.map((group) => ({ unit, ...group }))));
  return [path];
}

export function readResults(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The newest file of the soak's results, or of another by its suffix; `undefined` where there is none. */
export function newestResults(suffix) {
  return resultFiles(new RegExp(`-${suffix}[.]json$`)).at(-1);
}

/**
 * The newest results of each case. A run of some cases leaves those of the others as they were.
 *
 * @returns of each file that has such, oldest first: its `stem`, and the results without the cases that are newer elsewhere
 */
export function newestCases() {
  const files = resultFiles(/^\d{4}-\d\d-\d\d-\d+-core-[\d.]+[.]json$/);
  return keepNewest(files.map((path) => ({ stem: basename(path, '.json'), ...readResults(path) })));
}

/** Leaves each case only in the last of some results that has it. */
export function keepNewest(results) {
  const known = new Set();
  const kept = results.toReversed().map((one) => {
    const cases = one.cases.filter(({ id }) => !known.has(id));
    for (const { id } of cases) known.add(id);
    return { ...one, cases };
  });
  return kept.filter(({ cases }) => cases.length > 0).toReversed();
}

function resultFiles(wanted) {
  if (!existsSync(RESULTS)) return [];
  const names = readdirSync(RESULTS).filter((name) => wanted.test(name));
  return names.sort().map((name) => join(RESULTS, name));
}

// Of the samples the medians of each round are kept: enough to see drift, and a file that can be read.
function shorten(key, value) {
  if (key === 'rounds' && Array.isArray(value) && value.every(Array.isArray)) {
    return value.filter((samples) => samples.length > 0).map((samples) => round(median(samples)));
  }
  return typeof value === 'number' ? round(value) : value;
}

// Six digits are more than any clock here is good for.
function round(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
