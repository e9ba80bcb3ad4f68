// npm run soak -- [--minutes 60] [--containers 200000] [--in-flight 4] [--isolation full|cgroup] [--interval 10] [--no-save]
//
// Containers at full speed, until the time or the number is reached, and a look at everything that could grow. Ends with 1
// when something did. Ctrl-C ends it early, with all that was measured until then.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { spawn } from 'corral';
import { RESULTS, resultStem } from './lib/json.mjs';
import { describeMachine, readLoad } from './lib/machine.mjs';
import { plotLines } from './lib/plot-lines.mjs';
import { judgeSoak } from './lib/soak-verdict.mjs';
import { quantile } from './lib/stats.mjs';
import { formatTable } from './lib/table.mjs';
import { ROOT, findCgroupBase } from './lib/workspace.mjs';

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
await report();

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
    dyingBelowParent: readDying(join(base, parentName)),
    dyingBelowRoot: readDying(base),
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

// The kernel keeps a removed cgroup until the last page that was charged to it is gone: cgroup-v2.rst, cgroup.stat.
function readDying(cgroup) {
  try {
    return Number(/^nr_dying_descendants (\d+)/m.exec(readFileSync(`${cgroup}/cgroup.stat`, 'utf8'))[1]);
  } catch (error) {
    if (error.code === 'ENOENT') return 0; // corral has removed it, because nobody was in it
    throw error;
  }
}

/** What the kernel holds for itself and cannot drop. Shown, not judged: all of the machine takes part. */
function readKernelMb() {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return Number(/^SUnreclaim:\s+(\d+)/m.exec(text)[1]) / 1024;
}

function clearAway() {
  rmSync(stateDir, { recursive: true, force: true });
  try {
    rmdirSync(join(base, parentName));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

async function report() {
  const findings = judgeSoak(samples);
  const seconds = (performance.now() - began) / 1000;
  const rows = findings.map(({ title, unit, atStart, atEnd, perHour, flat }) => [
    title,
    ...[atStart, atEnd].map((value) => `${value.toFixed(2)} ${unit}`.trim()),
    perHour.toFixed(2),
    flat ? 'flat' : 'GREW',
  ]);
  console.log(`\n${ended} containers in ${seconds.toFixed(0)} s, ${(ended / seconds).toFixed(0)} a second`);
  if (rows.length > 0) console.log(formatTable([['', 'first quarter', 'last quarter', 'per hour', ''], ...rows]));
  else console.log('too short to tell whether something grows');
  if (options.save && samples.length > 1) {
    console.log(`\nwritten: ${save({ seconds, findings }).join(', ')}`);
    await import('./readme.mjs');
  }
  if (failure !== undefined) console.error(failure);
  process.exitCode = failure !== undefined || findings.some(({ flat }) => !flat) ? 1 : 0;
}

function save({ seconds, findings }) {
  mkdirSync(RESULTS, { recursive: true });
  const machine = describeMachine([]);
  const stem = join(RESULTS, `${resultStem({ date, machine })}-soak`);
  const { inFlight, isolation } = options;
  const results = { date, machine, load, inFlight, isolation, containers: ended, seconds, findings, samples };
  const shorten = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  writeFileSync(`${stem}.json`, `${JSON.stringify(results, shorten, 1)}\n`);
  writeFileSync(`${stem}.svg`, plot());
  return [`${stem}.json`, `${stem}.svg`].map((path) => relative(ROOT, path));
}

function plot() {
  const series = (name, key) => ({ name, values: samples.map((sample) => sample[key]) });
  return plotLines({
    times: samples.map(({ seconds }) => seconds),
    timeUnit: 'seconds',
    panels: [
      { title: 'containers a second', unit: '', series: [series('', 'perSecond')] },
      { title: 'start latency', unit: 'ms', series: [series('median', 'startMedianMs'), series('p99', 'startP99Ms')] },
      { title: 'the Node process', unit: 'MB', series: [series('RSS', 'rssMb'), series('heap', 'heapMb')] },
      { title: 'open descriptors', unit: '', series: [series('', 'fds')] },
      {
        title: 'dying cgroups',
        unit: '',
        series: [series('of the machine', 'dyingBelowRoot'), series('of corral', 'dyingBelowParent')],
      },
    ],
  });
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
