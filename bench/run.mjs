// npm run bench -- [--only a,e] [--quick] [--rounds N] [--no-save]
import { parseArgs } from 'node:util';
import { CASES } from './cases/all.mjs';
import { saveResults } from './lib/json.mjs';
import { describeMachine, loadWarning, readLoad } from './lib/machine.mjs';
import { findPeers } from './lib/peers.mjs';
import { formatTable, groupRows } from './lib/table.mjs';
import { createWorkspace, removeWorkspace } from './lib/workspace.mjs';

const USAGE = `usage: npm run bench -- [--only a,b,...] [--quick] [--rounds N] [--no-save]

  --only a,e   only these cases: ${CASES.map(({ id, title }) => `(${id}) ${title}`).join('; ')}
  --quick      few rounds: to see that it works, not to quote
  --rounds N   rounds of each comparison (default 30)
  --no-save    print only; without it JSON and plots go to bench/results/`;

const options = readOptions();
const load = readLoad();
const workspace = createWorkspace();
// The drivers end with their standard input, and clear away what they have made.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.allSettled([...workspace.undo].map((undo) => undo()));
    removeWorkspace(workspace);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}
try {
  const { peers, missing } = findPeers(workspace);
  const machine = describeMachine(peers);
  const skipped = missing.map(({ name, why }) => `${name}: ${why}`);
  printHead(machine, load);
  const cases = [];
  for (const { id, run } of options.cases) {
    const began = { measuredAt: new Date().toISOString(), load: readLoad() };
    const result = await run({ workspace, peers, plan: options.plan, skip: (why) => skipped.push(why) });
    printCase(result);
    cases.push({ ...result, id, ...began, plan: options.plan });
  }
  for (const why of skipped) console.log(`skipped: ${why}`);
  printVerdicts(cases);
  const results = { date: new Date().toISOString(), machine, skipped, cases };
  if (options.save) {
    console.log(`\nwritten: ${saveResults(results).join(', ')}`);
    await import('./readme.mjs');
  }
} finally {
  removeWorkspace(workspace);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      'no-save': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) exit(USAGE, 0);
  const wanted = values.only?.split(',') ?? CASES.map(({ id }) => id);
  const unknown = wanted.filter((id) => !CASES.some((known) => known.id === id));
  if (unknown.length > 0) exit(`bench: no such case: ${unknown.join(', ')}\n${USAGE}`, 2);
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 30));
  if (!Number.isInteger(rounds) || rounds < 1) exit(`bench: --rounds ${values.rounds}: not a positive number`, 2);
  return {
    cases: CASES.filter(({ id }) => wanted.includes(id)),
    plan: { rounds, perRound: values.quick ? 4 : 20, quick: values.quick },
    save: !values['no-save'],
  };
}

function exit(text, code) {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}

function printHead({ cpu, cores, kernel, node, peers }, load) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  console.log(`${cores} × ${cpu}, Linux ${kernel}, Node ${node}, ${versions.join(', ')}`);
  const warning = loadWarning(load, cores);
  if (warning !== undefined) console.error(`bench: ${warning}`);
}

function printCase({ id, groups, unit, tables = [], notes = [] }) {
  for (const group of groups) {
    console.log(`\n(${id}) ${group.title}\n${formatTable(groupRows(group, group.unit ?? unit))}`);
  }
  for (const { title, head, rows } of tables) console.log(`\n(${id}) ${title}\n${formatTable([head, ...rows])}`);
  for (const note of notes) console.log(note);
}

function printVerdicts(cases) {
  const verdicts = cases.flatMap((result) => result.verdicts ?? []);
  if (verdicts.length === 0) return;
  const rows = verdicts.map(({ target, value, met }) => [target, value, met ? 'met' : 'MISSED']);
  console.log(`\n${formatTable([['target', 'measured', ''], ...rows])}`);
}
