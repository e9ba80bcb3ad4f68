// npm run bench:nest -- [--rounds N] [--no-save]: what depth costs. A start at level 0 (this host), 1, 5, 10 and 20, and the kill
// of 20 levels by their outermost, against a bare write to its cgroup.kill.
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Containers, run, spawn } from 'corral';
import { describeMachine, machineLabel, readLoad } from './lib/machine.mjs';
import { median, pairedRatio, quantile } from './lib/stats.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, 'no-save': { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds ?? 7);
const LEVELS = [0, 1, 5, 10, 20];
const DEEPEST = 20;
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = path('../dist/cli/corral.cjs');
const WORKER = path('lib/nest-worker.mjs');

// Goes down: each level is a shell that becomes the corral of the next.
const DOWN = `if [ "$1" = "$2" ]; then shift 2; exec "$@"; fi
next=$(($1 + 1)); last=$2; shift 2
exec "$NODE" "$MAIN" run -q --nest -e DOWN -e NODE -e MAIN -- sh -c "$DOWN" down "$next" "$last" "$@"`;
const env = { DOWN, NODE: process.execPath, MAIN };
const down = (deepest, ...command) => ['sh', '-c', DOWN, 'down', '1', String(deepest), ...command];

async function measureStarts(level) {
  const command = [process.execPath, WORKER, '10'];
  const { stdout } = await run(level === 0 ? command : down(level, ...command), {
    ...(level === 0 ? { isolation: 'cgroup' } : { nest: true }),
    env,
    stderr: 'inherit',
  });
  return median(JSON.parse(stdout));
}

async function startDeep() {
  const container = await spawn(down(DEEPEST, 'sh', '-c', 'echo ready; exec sleep 1000'), { nest: true, env });
  await once(container.stdout, 'data');
  return container;
}

async function measureKill() {
  const container = await startDeep();
  const began = performance.now();
  const { processes } = await container.kill();
  return { ms: performance.now() - began, processes };
}

// The write, and a look every tenth of a millisecond at whether anybody is left. corral clears away afterwards.
async function measureBareKill() {
  const container = await startDeep();
  const { path: cgroup } = new Containers().inspect(container.id).cgroup.v2;
  const began = performance.now();
  writeFileSync(`${cgroup}/cgroup.kill`, '1');
  while (readFileSync(`${cgroup}/cgroup.events`, 'latin1').includes('populated 1')) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.1);
  }
  const ms = performance.now() - began;
  await container.exited;
  return ms;
}

const starts = new Map(LEVELS.map((level) => [level, []]));
const kills = [];
const bareKills = [];
let processes = 0;
const load = readLoad();
for (let round = 0; round < rounds; round++) {
  for (const level of LEVELS) starts.get(level).push(await measureStarts(level));
  const kill = await measureKill();
  processes = kill.processes;
  kills.push(kill.ms);
  bareKills.push(await measureBareKill());
}

const spread = (samples) => [0.25, 0.75].map((q) => quantile(samples, q).toFixed(1)).join('–');
console.log(`rounds: ${rounds}, load at the start: ${JSON.stringify(load)}\n`);
console.log('start to gone, at level   median ms   quartiles   against level 0');
for (const [level, samples] of starts) {
  const ratio = (median(samples) / median(starts.get(0))).toFixed(2);
  console.log(
    `${String(level).padStart(23)}   ${median(samples).toFixed(1).padStart(9)}   ${spread(samples).padStart(9)}   ${ratio}`,
  );
}
console.log(
  `\nkill of ${DEEPEST} levels, ${processes} processes, until all cgroups are gone: ${median(kills).toFixed(1)} ms (${spread(kills)})`,
);
console.log(`bare cgroup.kill until populated 0: ${median(bareKills).toFixed(1)} ms (${spread(bareKills)})`);
console.log(
  `ratio: ${JSON.stringify(
    pairedRatio(
      kills.map((ms) => [ms]),
      bareKills.map((ms) => [ms]),
    ),
  )}`,
);
if (!values['no-save']) {
  const result = {
    date: new Date().toISOString(),
    machine: describeMachine([]),
    load,
    rounds,
    starts: Object.fromEntries(starts),
    kills,
    bareKills,
    processes,
  };
  writeFileSync(
    path(`results/${new Date().toISOString().slice(0, 10)}-${machineLabel(describeMachine([]))}-nest.json`),
    `${JSON.stringify(result, null, 2)}\n`,
  );
}
