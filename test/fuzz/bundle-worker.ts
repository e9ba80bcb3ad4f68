import { mkdtempSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Ending, runHere, runProgram } from './bundle/run-case.js';
import { createCases } from './bundle/cases.js';
import { CGROUP } from './bundle/base.js';
import { findLeaks, killAll, removeParents, takeStock } from './bundle/leaks.js';
import { type Places, filesOf, makePlaces, prepareBundle } from './bundle/prepare.js';
import type { Ended, Report } from './bundle/report.js';
import { runCommand } from './bundle/run-command.js';
import { commandLine } from './bundle/argv.js';
import { isThrowAway } from './bundle/sandbox.js';

// Runs some of the cases, one after the other, and reports on descriptor 3, a line for each. sandbox.ts says where.

const REPORT_FD = 3;
/** A container that runs for longer is killed. That it can be is looked at, too. */
const MAX_MS = 10_000;
/** From there on, nothing may take as long. */
const MAX_AFTER_MS = 20_000;
const STUCK = 'it does not end, not even killed';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    to: { type: 'string', default: '1' },
    program: { type: 'string', default: '20' },
    commands: { type: 'boolean', default: false },
  },
});
if (!isThrowAway()) throw new Error('this is a machine that lasts; sandbox.ts says why that must not be');

const programEvery = Number(values.program);
const cases = createCases(Number(values.seed));
const places = makePlaces(mkdtempSync(join(tmpdir(), 'fuzz-')));
const files = filesOf('/bin/sh');

await warmUp();
for (let index = Number(values.from); index < Number(values.to); index++) {
  report({ begins: index });
  const ended = values.commands ? await tryCommand(index) : await runCase(index);
  report(ended);
  // What is broken now is no place for another one.
  if (ended.leaks.length > 0 || ended.detail === STUCK) break;
}
process.exit(0);

/** What is loaded and opened once is not taken for a leak. */
async function warmUp(): Promise<void> {
  prepareBundle(places, cases.make(0).source, files);
  await runHere(places);
  await runProgram(places, join(places.state, '../log'), MAX_MS);
}

async function runCase(index: number): Promise<Ended> {
  const { kind, source } = cases.make(index);
  prepareBundle(places, source, files);
  const before = takeStock(places.state);
  const begin = performance.now();
  const isProgram = index % programEvery === programEvery - 1;
  const ending = isProgram ? await runProgram(places, join(places.state, '../log'), MAX_MS) : await runBounded(places);
  const ms = performance.now() - begin;
  if (ending.detail === 'killed after a time') killAll(before);
  removeParents(before, CGROUP);
  const leaks = await findLeaks(before, places.state);
  return { index, kind, isProgram, ms, leaks, ...ending };
}

async function tryCommand(index: number): Promise<Ended> {
  prepareBundle(places, cases.make(0).source, files);
  const before = takeStock(places.state);
  const begin = performance.now();
  const line = commandLine(Number(values.seed), index, places.state);
  const ending = await runCommand(places, line, MAX_MS);
  const ms = performance.now() - begin;
  if (ending.detail === 'killed after a time') killAll(before);
  removeParents(before, CGROUP);
  const leaks = await findLeaks(before, places.state);
  return { index, kind: 'a command line', isProgram: true, ms, leaks, ...ending };
}

async function runBounded(where: Places): Promise<Ending> {
  const before = takeStock(where.state);
  const running = runHere(where);
  const over = new AbortController();
  const late = async (ms: number): Promise<undefined> => {
    await delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
  };
  let ending: Ending | undefined = await Promise.race([running, late(MAX_MS)]);
  const wasLate = ending === undefined;
  if (ending === undefined) {
    killAll(before);
    ending = await Promise.race([running, late(MAX_AFTER_MS)]);
  }
  over.abort();
  if (ending === undefined) return { outcome: 'finding', detail: STUCK };
  return wasLate && ending.outcome === 'ran' ? { outcome: 'ran', detail: 'killed after a time' } : ending;
}

function report(what: Report): void {
  writeSync(REPORT_FD, `${JSON.stringify(what)}\n`);
}
