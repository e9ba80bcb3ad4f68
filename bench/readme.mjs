// Writes the newest results into bench/README.md: node bench/readme.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { newestCases, newestResults, readResults } from './lib/json.mjs';
import { fillMarkers } from './lib/markers.mjs';
import { formatMarkdown, groupRows } from './lib/table.mjs';
import { ROOT } from './lib/workspace.mjs';

const README = join(ROOT, 'bench/README.md');

const texts = { ...casesText(newestCases()), ...soakText('soak'), ...soakText('soak-supervisor') };
writeFileSync(README, fillMarkers(readFileSync(README, 'utf8'), texts));

function casesText(results) {
  if (results.length === 0) return {};
  const own = results.flatMap(({ stem, cases }) => cases.map((result) => [result.id, caseText(result, stem)]));
  const cases = results.flatMap((one) => one.cases).sort((a, b) => (a.id < b.id ? -1 : 1));
  return { machine: results.map(machineText).join('\n\n'), verdicts: verdictText(cases), ...Object.fromEntries(own) };
}

function machineText({ date, machine, cases, skipped }) {
  const { cpu, cores, memoryGb, kernel, node, peers } = machine;
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const loads = cases.map(({ load }) => load.loadAverage);
  return [
    `${cases.map(({ id }) => `(${id})`).join(', ')} on ${date.slice(0, 10)}: ` +
      `${cores} × ${cpu}, ${memoryGb} GB, Linux ${kernel}, Node ${node}; ${versions.join(', ')}.`,
    `Load average when ${cases.length === 1 ? 'it' : 'the cases'} began: ${[...new Set([Math.min(...loads), Math.max(...loads)])].join(' to ')}.`,
    ...(skipped.length === 0 ? [] : [`Not measured: ${skipped.join('; ')}.`]),
  ].join('\n');
}

function verdictText(cases) {
  const rows = cases.flatMap(({ verdicts = [] }) => verdicts);
  return formatMarkdown([
    ['target', 'measured', ''],
    ...rows.map(({ target, value, met }) => [target, value, met ? 'met' : '**missed**']),
  ]);
}

function caseText({ id, groups, tables = [], notes = [], unit }, stem) {
  return [
    ...(groups.length === 0 ? [] : [`![${id}](results/${stem}-${id}.svg)`]),
    ...groups.map((group) => `${group.title}:\n\n${formatMarkdown(groupRows(group, group.unit ?? unit))}`),
    ...tables.map(({ title, head, rows }) => `${title}:\n\n${formatMarkdown([head, ...rows])}`),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join('\n')]),
  ].join('\n\n');
}

function soakText(name) {
  const path = newestResults(name);
  if (path === undefined) return {};
  const { containers, seconds, inFlight, load, findings } = readResults(path);
  const rows = findings.map(({ title, unit, atStart, atEnd, perHour, flat }) => [
    title,
    ...[atStart, atEnd].map((value) => `${Number(value.toPrecision(3))} ${unit}`.trim()),
    String(Number(perHour.toPrecision(2))),
    flat ? 'flat' : '**grew**',
  ]);
  const text = [
    `![${name}](results/${basename(path, '.json')}.svg)`,
    `${containers.toLocaleString('en')} containers in ${(seconds / 60).toFixed(1)} minutes, ${inFlight} in flight, ` +
      `${(containers / seconds).toFixed(0)} a second; load average at the start ${load.loadAverage}.`,
    formatMarkdown([['', 'first quarter', 'last quarter', 'per hour', ''], ...rows]),
  ];
  return { [name]: text.join('\n\n') };
}
