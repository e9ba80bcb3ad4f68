// (c) Containers a second with all cores busy.
import { availableParallelism } from 'node:os';
import { Driver } from '../lib/driver.mjs';
import { interleave, withRatios } from '../lib/interleave.mjs';
import { runLoop } from '../lib/shell-loop.mjs';
import { atLeast } from '../lib/verdict.mjs';
import { nodeWorker } from '../lib/workspace.mjs';

export const id = 'c';
export const title = 'containers a second, all cores busy';

const CORES = availableParallelism();
const IN_FLIGHT = [2, 4, 8];
const LOOPS = `bwrap, ${CORES} shell loops`;

export async function run({ workspace, peers, plan }) {
  const options = workspace.driverOptions;
  const count = plan.quick ? 24 : 200;
  const { floor } = workspace.programs;
  const bwrap = peers.find(({ name }) => name === 'bwrap');
  const one = (way, inFlight) => [new Driver(nodeWorker(way, '--in-flight', String(inFlight)), options)];
  const each = (command) => Array.from({ length: CORES }, () => new Driver(command, options));
  const participants = [
    ...IN_FLIGHT.map((n) => rate(`corral: ${n} in flight`, one('corral', n), count)),
    rate(`corral: ${CORES} processes, 2 in flight each`, each(nodeWorker('corral', '--in-flight', '2')), count),
    rate(
      `corral, isolation 'cgroup': ${CORES} processes, 2 in flight each`,
      each(nodeWorker('corral-cgroup', '--in-flight', '2')),
      count,
    ),
    ...IN_FLIGHT.map((n) => rate(`corral, isolation 'cgroup': ${n} in flight`, one('corral-cgroup', n), count)),
    rate(`C floor, ${CORES} processes`, each([floor]), count),
    rate(`C floor, cgroup only, ${CORES} processes`, each([floor, '--isolation', 'cgroup']), count),
    ...(bwrap ? [{ name: LOOPS, sample: () => runLoop({ ...bwrap, loops: CORES, count }, options) }] : []),
  ];
  const rows = await interleave(participants, { ...plan, rounds: Math.ceil(plan.rounds / 3), pauseMs: 300 });
  const best = (prefix) => findBest(rows.filter(({ name }) => name.startsWith(prefix)));
  const withBase = withRatios(rows, bwrap ? LOOPS : `C floor, ${CORES} processes`);
  return {
    id,
    title,
    unit: '/s',
    groups: [{ title, rows: withBase, more: true }],
    verdicts: [
      ...atLeast('(c)', rows, [best('corral: '), LOOPS], 2),
      ...atLeast("(c) isolation 'cgroup'", rows, [best("corral, isolation 'cgroup': "), LOOPS], 2),
    ],
  };
}

/** Several drivers at once share the work; what counts is when the last is done. */
function rate(name, drivers, count) {
  return {
    name,
    start: () => Promise.all(drivers.map((driver) => driver.start())),
    async sample() {
      const share = Math.ceil(count / drivers.length);
      const before = performance.now();
      await Promise.all(drivers.map((driver) => driver.ask(share)));
      return [(share * drivers.length * 1000) / (performance.now() - before)];
    },
    stop: () => Promise.all(drivers.map((driver) => driver.stop())),
  };
}

function findBest(rows) {
  return [...rows].sort((a, b) => b.summary.median - a.summary.median)[0]?.name;
}
