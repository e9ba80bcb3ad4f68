// What a soak has found, on the screen and as files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RESULTS, resultStem } from './json.mjs';
import { describeMachine } from './machine.mjs';
import { plotLines } from './plot-lines.mjs';
import { judgeSoak } from './soak-verdict.mjs';
import { formatTable } from './table.mjs';
import { ROOT } from './workspace.mjs';

/**
 * @typedef {object} Soak
 * @property {string} name - what its files end with
 * @property {string} date - RFC 3339, of its begin
 * @property {number} seconds
 * @property {number} containers
 * @property {readonly import('./soak-verdict.mjs').Sample[]} samples
 * @property {readonly object[]} [watched] - see judgeSoak
 * @property {(series: (name: string, key: string) => object) => readonly object[]} panels - of the plot
 * @property {object} details - what else is to be in the results
 * @property {unknown} [failure] - what has ended it
 * @property {boolean} save
 */

/**
 * Prints a table, and writes results, a plot and the page anew. The process is to exit with 1 when something grew or failed.
 *
 * @param {Soak} soak
 */
export async function reportSoak(soak) {
  const { seconds, containers, samples, watched, failure } = soak;
  const findings = judgeSoak(samples, watched);
  const rows = findings.map(({ title, unit, atStart, atEnd, perHour, flat }) => [
    title,
    ...[atStart, atEnd].map((value) => `${value.toFixed(2)} ${unit}`.trim()),
    perHour.toFixed(2),
    flat ? 'flat' : 'GREW',
  ]);
  console.log(`\n${containers} containers in ${seconds.toFixed(0)} s, ${(containers / seconds).toFixed(0)} a second`);
  if (rows.length > 0) console.log(formatTable([['', 'first quarter', 'last quarter', 'per hour', ''], ...rows]));
  else console.log('too short to tell whether something grows');
  if (soak.save && samples.length > 1) {
    console.log(`\nwritten: ${save(soak, findings).join(', ')}`);
    await import('../readme.mjs');
  }
  if (failure !== undefined) console.error(failure);
  process.exitCode = failure !== undefined || findings.some(({ flat }) => !flat) ? 1 : 0;
}

function save({ name, date, seconds, containers, samples, details, panels }, findings) {
  mkdirSync(RESULTS, { recursive: true });
  const machine = describeMachine([]);
  const stem = join(RESULTS, `${resultStem({ date, machine })}-${name}`);
  const results = { date, machine, ...details, containers, seconds, findings, samples };
  const shorten = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  writeFileSync(`${stem}.json`, `${JSON.stringify(results, shorten, 1)}\n`);
  const series = (title, key) => ({ name: title, values: samples.map((sample) => sample[key]) });
  const times = samples.map((sample) => sample.seconds);
  writeFileSync(`${stem}.svg`, plotLines({ times, timeUnit: 'seconds', panels: panels(series) }));
  return [`${stem}.json`, `${stem}.svg`].map((path) => relative(ROOT, path));
}
