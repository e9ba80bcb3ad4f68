// Results as files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { machineLabel } from './machine.mjs';
import { median } from './stats.mjs';
import { ROOT } from './workspace.mjs';

export const RESULTS = join(ROOT, 'bench/results');

/** @returns {string[]} the files that were written, relative to the repository */
export function saveResults(results) {
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${results.date.slice(0, 10)}-${machineLabel(results.machine)}.json`);
  writeFileSync(path, `${JSON.stringify(results, shorten, 2)}\n`);
  return [relative(ROOT, path)];
}

// Of the samples the medians of each round are kept: enough to see drift, and a file that can be read.
function shorten(key, value) {
  if (key === 'rounds' && Array.isArray(value)) return value.map((samples) => round(median(samples)));
  return typeof value === 'number' ? round(value) : value;
}

function round(value) {
  return Number(value.toPrecision(5));
}
