// npm run soak:supervisor -- [--containers 20000] [--minutes 60] [--in-flight 4] [--samples 100] [--no-save]
//
// One supervisor, and containers with it in all ways, until the number or the time is reached. Every now and then nothing more is
// started, and when all has ended, it is looked at everything that could grow: nothing of any container is left at these moments.
// Ends with 1 when something did grow, or went wrong. Ctrl-C ends it early, with all that was measured until then.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readDescendants, readKernelMb } from './lib/kernel.mjs';
import { readLoad } from './lib/machine.mjs';
import { reportSoak } from './lib/soak-report.mjs';
import { WATCHED_AT_REST } from './lib/soak-verdict.mjs';
import { quantile } from './lib/stats.mjs';
import { TURNS, live } from './lib/supervised-lives.mjs';
import { BenchSupervisor } from './lib/supervisor.mjs';
import { findCgroupBase } from './lib/workspace.mjs';

const options = readOptions();
const date = new Date().toISOString();
const load = readLoad();
const base = findCgroupBase(process.env);
const samples = [];
let started = 0;
let ended = 0;
let stopped = false;
let failure;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (stopped = true));

const supervisor = new BenchSupervisor('soak-supervisor');
let began = performance.now();
let over;
try {
  await supervisor.start();
  const around = {
    client: supervisor.client,
    connect: () => supervisor.connect(),
    options: () => ({ cgroupParent: supervisor.cgroupParent }),
  };
  began = performance.now();
  while (isGoingOn()) await oneRound(around);
} catch (error) {
  failure ??= error;
} finally {
  over = performance.now();
  await supervisor.clearAway().catch((error) => (failure ??= error));
}
await reportSoak({
  ...{
    name: 'soak-supervisor',
    date,
    seconds: (over - began) / 1000,
    containers: ended,
    samples,
    watched: WATCHED_AT_REST,
  },
  ...{ panels: plotPanels, details: { load, inFlight: options.inFlight, turns: TURNS } },
  ...{ failure, save: options.save },
});

function isGoingOn() {
  return !stopped && started < options.containers && performance.now() - began < options.durationMs;
}

/** Some lives, several at a time; and a sample when all are over. */
async function oneRound(around) {
  const before = { at: performance.now(), ended };
  const until = Math.min(options.containers, started + options.perSample);
  const startTimes = [];
  const worker = async () => {
    while (isGoingOn() && started < until) {
      const turn = started++;
      startTimes.push(await live(turn, around, `soak-${turn}`));
      ended++;
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, () => worker().catch(stopWith)));
  if (failure !== undefined || startTimes.length === 0) return;
  const perSecond = ((ended - before.ended) * 1000) / (performance.now() - before.at);
  const left = await supervisor.client.list();
  if (left.length > 0) stopWith(new Error(`left: ${left.map(({ id, status }) => `${id} (${status})`).join(', ')}`));
  samples.push(await takeSample({ perSecond, startTimes }));
  tell(samples.at(-1));
}

function stopWith(error) {
  failure ??= error;
  stopped = true;
}

async function takeSample({ perSecond, startTimes }) {
  const { heapKb, externalKb, rssKb, fds, threads, watches } = await supervisor.measure({ collects: true });
  const { living, dying } = readDescendants(supervisor.cgroup);
  return {
    seconds: (performance.now() - began) / 1000,
    containers: ended,
    perSecond,
    startMedianMs: quantile(startTimes, 0.5),
    startP99Ms: quantile(startTimes, 0.99),
    ...{ rssMb: rssKb / 1024, heapMb: heapKb / 1024, externalMb: externalKb / 1024, fds, threads, watches },
    files: readdirSync(supervisor.stateDir, { recursive: true }).length,
    descendants: living,
    dyingBelowParent: dying,
    dyingBelowRoot: readDescendants(base).dying,
    kernelMb: readKernelMb(),
    ...readLoad(),
  };
}

function tell({ perSecond, startMedianMs, rssMb, heapMb, fds, files, dyingBelowParent, ...sample }) {
  console.log(
    `${Math.round(sample.seconds)} s: ${ended} containers, ${perSecond.toFixed(0)}/s, start ${startMedianMs.toFixed(1)} ms, ` +
      `RSS ${rssMb.toFixed(1)} MB, heap ${heapMb.toFixed(2)} MB, ${fds} descriptors, ${files} files, ` +
      `${dyingBelowParent} dying cgroups`,
  );
}

function plotPanels(series) {
  const dying = [series('of the machine', 'dyingBelowRoot'), series('of corral', 'dyingBelowParent')];
  return [
    { title: 'containers a second', unit: '', series: [series('', 'perSecond')] },
    { title: 'start latency', unit: 'ms', series: [series('median', 'startMedianMs'), series('p99', 'startP99Ms')] },
    { title: 'the supervisor', unit: 'MB', series: [series('RSS', 'rssMb'), series('heap', 'heapMb')] },
    {
      title: 'its descriptors and threads',
      unit: '',
      series: [series('descriptors', 'fds'), series('threads', 'threads')],
    },
    { title: 'files in its directories', unit: '', series: [series('', 'files')] },
    { title: 'dying cgroups', unit: '', series: dying },
    { title: 'kernel memory of the machine', unit: 'MB', series: [series('', 'kernelMb')] },
  ];
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      containers: { type: 'string', default: '20000' },
      minutes: { type: 'string', default: '60' },
      'in-flight': { type: 'string', default: '4' },
      samples: { type: 'string', default: '100' },
      'no-save': { type: 'boolean', default: false },
    },
  });
  for (const name of ['containers', 'minutes', 'in-flight', 'samples']) {
    if (!(Number(values[name]) > 0)) fail(`--${name} ${values[name]}: not a positive number`);
  }
  return {
    containers: Number(values.containers),
    durationMs: Number(values.minutes) * 60_000,
    inFlight: Number(values['in-flight']),
    perSample: Math.ceil(Number(values.containers) / Number(values.samples)),
    save: !values['no-save'],
  };
}

function fail(message) {
  console.error(`soak-supervisor: ${message}`);
  process.exit(2);
}
