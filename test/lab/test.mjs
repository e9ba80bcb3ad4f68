// npm run test:lab: the integration tests on this machine and on every guest, and one table.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GUESTS } from './guests.mjs';
import { parseNames, parseNumber } from './lib/arguments.mjs';
import { runPiece } from './lib/integration.mjs';
import { Lab } from './lib/lab.mjs';
import { cutPieces, suiteOf } from './lib/pieces.mjs';
import { formatFailures, formatLeftOut, formatSkips, formatTable } from './lib/report.mjs';
import { addTallies } from './lib/tally.mjs';
import { HOST, QUICK } from './suites.mjs';

const USAGE = `usage: npm run test:lab -- [--guest NAME,...] [--suite FOLDER,...] [--quick] [--jobs N] [--json]

  --guest v2,legacy      only on these: ${[HOST, ...Object.keys(GUESTS)].join(', ')}
  --suite cgroup,cli/cp  only these folders of test/integration, or files that begin so
  --quick                the few files of ${Object.keys(QUICK).join(' and ')} that .ci/run wants every time
  --jobs N               guests at a time (default: one a processor)
  --json                 print the results as JSON, and what is going on to standard error`;

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const INTEGRATION = fileURLToPath(new URL('../integration/', import.meta.url));
/** All of a suite runs in one go where a start costs nothing. */
const FILES_PER_PIECE_HERE = 1000;

const options = readOptions();
const say = options.json ? console.error : console.log;
mkdirSync(RESULTS, { recursive: true });
const lab = new Lab((line) => say(`lab: ${line}`));
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
} finally {
  lab.close();
}

async function main() {
  const { pieces, leftOut } = cutPieces(listFiles(), {
    ...options,
    filesPerPiece: (host) => (host === HOST ? FILES_PER_PIECE_HERE : GUESTS[host].filesPerPiece),
  });
  await prepareGuests(pieces);
  // Its tests look at the whole machine: they get it alone.
  const here = pieces.filter(({ host }) => host === HOST);
  const results = [
    ...(await runAll(here, 1)),
    ...(await runAll(
      pieces.filter((piece) => !here.includes(piece)),
      options.jobs,
    )),
  ];
  const cells = addPieces(results);
  const failed = cells.reduce((sum, { tally }) => sum + tally.failed, 0);
  const report = { node: process.version, cells, leftOut };
  writeFileSync(join(RESULTS, 'results.json'), `${JSON.stringify(report, null, 2)}\n`);
  if (options.json) console.log(JSON.stringify(report));
  else printReport(cells, leftOut);
  return failed > 0 || results.length < pieces.length ? 1 : 0;
}

/** Before anything runs: without its parts, no guest says anything. */
async function prepareGuests(pieces) {
  const engines = new Set(pieces.flatMap(({ host }) => (host === HOST ? [] : [GUESTS[host].engine])));
  for (const engine of engines) {
    await lab.prepare(engine).catch((error) => {
      throw new Error(`NO TEST WAS RUN: a guest (${engine}) could not be made. ${error.message}`, { cause: error });
    });
  }
}

/** Runs pieces, some at a time, until all are done or somebody has ended the lab. */
async function runAll(pieces, jobs) {
  const waiting = pieces.map((piece, index) => ({ piece, index }));
  const results = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined && !lab.aborted; next = waiting.shift()) {
      const { piece, index } = next;
      const log = join(RESULTS, `${piece.host}-${piece.suite}-${index}.log`);
      const result = { piece, ...(await runPiece(lab, piece, log)) };
      results.push(result);
      say(formatProgress(result));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

function formatProgress({ piece, tally, seconds }) {
  const files = piece.files.map((file) => file.slice(piece.suite.length + 1).replace('.test.ts', ''));
  const counts = `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
  return `${piece.host}: ${piece.suite} (${files.join(' ')}): ${counts}, ${seconds.toFixed(0)} s`;
}

function addPieces(results) {
  const keys = new Set(results.map(({ piece }) => `${piece.host} ${piece.suite}`));
  return [...keys].map((key) => {
    const [host, suite] = key.split(' ');
    const mine = results.filter(({ piece }) => piece.host === host && piece.suite === suite);
    const seconds = mine.reduce((sum, result) => sum + result.seconds, 0);
    return { host, suite, tally: addTallies(mine.map(({ tally }) => tally)), seconds };
  });
}

function printReport(cells, leftOut) {
  const sections = [formatSkips(cells), formatLeftOut(leftOut), formatFailures(cells), [formatTable(cells, leftOut)]];
  for (const lines of sections) if (lines.length > 0) say(`\n${lines.join('\n')}`);
}

function listFiles() {
  const files = readdirSync(INTEGRATION, { recursive: true }).map(String);
  return files.filter((file) => file.endsWith('.test.ts')).sort();
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        guest: { type: 'string', multiple: true },
        suite: { type: 'string', multiple: true },
        jobs: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const files = listFiles();
    const suites = values.suite?.flatMap((suite) => suite.split(','));
    const unknown = suites?.find((suite) => !files.some((file) => file.startsWith(suite)));
    if (unknown !== undefined) {
      throw new TypeError(`--suite ${unknown}: there are ${[...new Set(files.map(suiteOf))].join(', ')}`);
    }
    return {
      hosts: parseNames('--guest', values.guest, values.quick ? Object.keys(QUICK) : [HOST, ...Object.keys(GUESTS)]),
      jobs: parseNumber('--jobs', values.jobs, availableParallelism(), 1),
      suites,
      quick: values.quick,
      json: values.json,
    };
  } catch (error) {
    console.error(`lab: ${error.message}\n\n${USAGE}`);
    return process.exit(2);
  }
}
