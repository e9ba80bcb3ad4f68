// (f) What live containers cost: the next start, and memory.
import { setTimeout as delay } from 'node:timers/promises';
import { Driver } from '../lib/driver.mjs';
import { toRow, withRatios } from '../lib/interleave.mjs';
import { median } from '../lib/stats.mjs';
import { atMost } from '../lib/verdict.mjs';
import { ROOT } from '../lib/workspace.mjs';

export const id = 'f';
export const title = 'live containers';

/** The kernel takes mounts and network namespaces apart in the background; the next figures are to be without that. */
const SETTLE_MS = 1500;

const FLOOR = 'C floor';
const CORRAL = 'corral';
const rowName = (count) => (count === 0 ? 'none live' : `${count} live`);

export async function run({ workspace, plan }) {
  const levels = plan.quick ? [0, 10, 50] : [0, 100, 1000];
  const rounds = plan.quick ? 2 : Math.min(plan.rounds, 5);
  const command = [process.execPath, '--expose-gc', `${ROOT}bench/lib/live-worker.mjs`];
  const driver = new Driver(command, workspace.driverOptions);
  const ask = async (...request) => JSON.parse(await driver.ask(JSON.stringify(request)));
  // What the kernel alone asks more for, with as many containers around.
  const floor = new Driver([workspace.programs.floor], workspace.driverOptions);
  const times = new Map([CORRAL, FLOOR].map((name) => [name, new Map(levels.map((level) => [level, []]))]));
  const memory = new Map();
  await Promise.all([driver.start(), floor.start()]);
  try {
    await ask('sample', plan.perRound);
    await floor.sample(plan.perRound);
    for (let round = 0; round < rounds; round++) {
      // Upwards and downwards in turn: what changes with time is not to look like what changes with number.
      for (const level of round % 2 === 0 ? levels : levels.toReversed()) {
        await ask('live', level);
        await delay(SETTLE_MS);
        times
          .get(CORRAL)
          .get(level)
          .push(await ask('sample', plan.perRound));
        await delay(SETTLE_MS);
        times
          .get(FLOOR)
          .get(level)
          .push(await floor.sample(plan.perRound));
        memory.set(level, await ask('memory'));
      }
    }
    await ask('live', 1);
    memory.set(1, await ask('memory'));
  } finally {
    await Promise.all([driver.stop(), floor.stop()]);
  }
  const rowsOf = (name) => levels.map((level) => toRow(rowName(level), times.get(name).get(level)));
  const rows = rowsOf(CORRAL);
  const most = levels.at(-1);
  const table = memoryTable(memory, most);
  return {
    id,
    title,
    unit: 'µs',
    groups: [
      { title: 'spawn → exit → gone with live containers', rows: withRatios(rows, rowName(0)) },
      { title: 'the C floor with as many', rows: withRatios(rowsOf(FLOOR), rowName(0)) },
    ],
    tables: [table.table],
    verdicts: [...atMost('(f)', rows, [rowName(most), rowName(0)], 1.3), ...table.verdicts],
  };
}

function memoryTable(memory, most) {
  const [before, after] = [memory.get(0), memory.get(most)];
  const each = (key) => (after[key] - before[key]) / most;
  const pssKb = median(after.initPssKb);
  const heapKb = each('heapBytes') / 1024;
  const rows = [
    [`corral-init, PSS, with ${most} live`, `${pssKb.toFixed(0)} KB`],
    ['corral-init, PSS, with one live', `${median(memory.get(1).initPssKb).toFixed(0)} KB`],
    ['JavaScript heap in the Node process', `${heapKb.toFixed(1)} KB`],
    ['RSS of the Node process', `${(each('rssBytes') / 1024).toFixed(1)} KB`],
    ['open descriptors in the Node process', each('fds').toFixed(1)],
    [
      'all memory of the machine, kernel objects included',
      `${((before.availableKb - after.availableKb) / most).toFixed(0)} KB`,
    ],
  ];
  return {
    table: { title: 'memory of one live container (sleep infinity)', head: ['', 'each'], rows },
    verdicts: [
      { target: '(f) corral-init ≤ 200 KB PSS', value: `${pssKb.toFixed(0)} KB`, met: pssKb <= 200 },
      { target: '(f) ≤ 100 KB of heap per container', value: `${heapKb.toFixed(1)} KB`, met: heapKb <= 100 },
    ],
  };
}
