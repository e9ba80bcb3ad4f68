// npm run soak -- [--minutes 60] [--containers 200000] [--in-flight 4] [--isolation full|cgroup] [--interval 10] [--no-save]
//
// Containers at full speed, until the time or the number is reached, and a look at everything that could grow. Ends with 1
// when something did. Ctrl-C ends it early, with all that was measured until then.
import { mkdtempSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawn } from 'corral';
import { readDescendants, readKernelMb } from './lib/kernel.mjs';
import { readLoad } from './lib/machine.mjs';
import { reportSoak } from './lib/soak-report.mjs';
import { quantile } from './lib/stats.mjs';
import { findCgroupBase } from './lib/workspace.mjs';

const options = readOptions();
const stateDir = mkdtempSync('/run/corral-soak-');
const parentName = `corral-soak-${process.pid}`;
const base = findCgroupBase({ ...process.env, CORRAL_STATE_DIR: stateDir });
const date = new Date().toISOString();
const load = readLoad();

const began = performance.now();
const samples = [];
let started = 0;
let ended = 0;
let stopped = false;
let failure;
let startTimes = [];
let lastSample = { at: began, ended: 0 };

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (stopped = true));
const sampling = setInterval(takeSample, options.intervalMs);
await Promise.all(Array.from({ length: options.inFlight }, oneAfterTheOther));
clearInterval(sampling);
if (startTimes.length > 0) takeSample();
clearAway();
await reportSoak({
  ...{ name: 'soak', date, seconds: (performance.now() - began) / 1000, containers: ended, samples },
  ...{ panels: plotPanels, details: { load, inFlight: options.inFlight, isolation: options.isolation } },
  ...{ failure, save: options.save },
});

async function oneAfterTheOther() {
  while (!stopped && started < options.containers && performance.now() - began < options.durationMs) {
    started++;
    try {
      await oneContainer();
    } catch (error) {
      failure ??= error;
      stopped = true;
    }
  }
}

async function oneContainer() {
  const { isolation } = options;
  const before = performance.now();
  const container = await spawn(['/bin/true'], {
    ...{ isolation, stateDir, cgroupParent: parentName },
    ...{ stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
  });
  startTimes.push(performance.now() - before);
  const { exitCode } = await container.exited;
  if (exitCode !== 0) throw new Error(`container ${started} ended with ${exitCode}`);
  ended++;
}

function takeSample() {
  const now = performance.now();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const times = startTimes.length > 0 ? startTimes : [0];
  samples.push({
    seconds: (now - began) / 1000,
    containers: ended,
    perSecond: ((ended - lastSample.ended) * 1000) / (now - lastSample.at),
    startMedianMs: quantile(times, 0.5),
    startP99Ms: quantile(times, 0.99),
    rssMb: rss / 2 ** 20,
    heapMb: heapUsed / 2 ** 20,
    fds: readdirSync('/proc/self/fd').length,
    dyingBelowParent: readDescendants(join(base, parentName)).dying,
    dyingBelowRoot: readDescendants(base).dying,
    kernelMb: readKernelMb(),
    ...readLoad(),
  });
  lastSample = { at: now, ended };
  startTimes = [];
  const { perSecond, rssMb, fds, dyingBelowRoot, startMedianMs } = samples.at(-1);
  console.log(
    `${Math.round(samples.at(-1).seconds)} s: ${ended} containers, ${perSecond.toFixed(0)}/s, ` +
      `start ${startMedianMs.toFixed(2)} ms, RSS ${rssMb.toFixed(0)} MB, ${fds} descriptors, ${dyingBelowRoot} dying cgroups`,
  );
}

function clearAway() {
  rmSync(stateDir, { recursive: true, force: true });
  try {
    rmdirSync(join(base, parentName));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function plotPanels(series) {
  return [
    { title: 'containers a second', unit: '', series: [series('', 'perSecond')] },
    { title: 'start latency', unit: 'ms', series: [series('median', 'startMedianMs'), series('p99', 'startP99Ms')] },
    { title: 'the Node process', unit: 'MB', series: [series('RSS', 'rssMb'), series('heap', 'heapMb')] },
    { title: 'open descriptors', unit: '', series: [series('', 'fds')] },
    {
      title: 'dying cgroups',
      unit: '',
      series: [series('of the machine', 'dyingBelowRoot'), series('of corral', 'dyingBelowParent')],
    },
  ];
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      containers: { type: 'string', default: '200000' },
      'in-flight': { type: 'string', default: '4' },
      interval: { type: 'string', default: '10' },
      isolation: { type: 'string', default: 'full' },
      'no-save': { type: 'boolean', default: false },
    },
  });
  for (const name of ['minutes', 'containers', 'in-flight', 'interval']) {
    if (!(Number(values[name]) > 0)) fail(`--${name} ${values[name]}: not a positive number`);
  }
  if (!['full', 'cgroup'].includes(values.isolation)) fail(`--isolation ${values.isolation}: full or cgroup`);
  return {
    durationMs: Number(values.minutes) * 60_000,
    containers: Number(values.containers),
    inFlight: Number(values['in-flight']),
    intervalMs: Number(values.interval) * 1000,
    isolation: values.isolation,
    save: !values['no-save'],
  };
}

function fail(message) {
  console.error(`soak: ${message}`);
  process.exit(2);
}
