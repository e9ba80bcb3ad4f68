// (i) Detached containers: what the supervisor and corral-init hold for each, against conmon and containerd's shim, and what many do
// to the supervisor.
import { toRow, withRatios } from '../lib/interleave.mjs';
import { measureMonitors } from '../lib/peer-monitors.mjs';
import { median } from '../lib/stats.mjs';
import { IDLE_SECONDS, SupervisedBench, TIMED } from '../lib/supervised-bench.mjs';

export const id = 'i';
export const title = 'supervised containers';

const rowName = (count) => (count === 0 ? 'none live' : `${count} live`);
const kb = (value) => `${value.toFixed(value < 100 ? 1 : 0)} KB`;

export async function run({ workspace, plan, skip }) {
  const most = plan.quick ? 50 : 1000;
  const peerCount = plan.quick ? 5 : 50;
  const say = (text) => console.error(`(i) ${text}`);
  const figures = await measureCorral({ workspace, plan, most, say });
  say(`${peerCount} containers each of conmon and containerd`);
  const { monitors, missing } = await measureMonitors(workspace, peerCount);
  missing.forEach(skip);
  const each = divide(figures, most);
  return {
    id,
    title,
    unit: 'µs',
    groups: TIMED.map((name) => timeGroup(name, figures.times[name])),
    tables: [memoryTable({ each, monitors, most, peerCount }), lifeTable(figures, most)],
    verdicts: [
      ...monitors.map(({ name, pssKb }) => ({
        target: `(i) supervisor + corral-init ≤ 0.1 × ${name}`,
        value: `${(each.totalKb / pssKb).toFixed(2)} × (${kb(each.totalKb)})`,
        met: each.totalKb <= pssKb / 10,
      })),
      idleVerdict(figures.idle, most),
    ],
  };
}

async function measureCorral({ workspace, plan, most, say }) {
  const bench = new SupervisedBench({ count: Math.min(plan.perRound, 10), say });
  const clearAway = () => bench.clearAway();
  workspace.undo.add(clearAway);
  try {
    const none = await bench.warmUp();
    await bench.time(0);
    await bench.fill(most, 'json');
    const json = await bench.measure();
    const inits = await bench.measureInits();
    say('idle');
    const idle = await bench.measureIdle();
    await bench.time(most);
    say('the supervisor is killed');
    const takeOver = await bench.takeOver();
    const next = await bench.measure();
    await bench.time(most);
    say('removing them');
    const removalMs = await bench.empty();
    await bench.time(0);
    say('the same with raw logs');
    await bench.fill(most, 'raw');
    const raw = await bench.measure();
    return { times: bench.times, none, json, raw, next, inits, idle, takeOver, removalMs };
  } finally {
    await clearAway();
    workspace.undo.delete(clearAway);
  }
}

/** What one container is responsible for. */
function divide({ none, json, raw, inits }, most) {
  const each = (after, key) => (after[key] - none[key]) / most;
  const initKb = median(inits.map(({ pss }) => pss));
  const initPrivateKb = median(inits.map((memory) => memory.private));
  const supervisorKb = each(json, 'pssKb');
  return {
    ...{ initKb, initPrivateKb, supervisorKb, totalKb: initKb + supervisorKb },
    ...{ heapKb: each(json, 'heapKb'), rawHeapKb: each(raw, 'heapKb') },
    ...{ fds: each(json, 'fds'), rawFds: each(raw, 'fds'), threads: json.threads - none.threads },
    withoutCollectionKb: each(json, 'pssBeforeKb'),
  };
}

function memoryTable({ each, monitors, most, peerCount }) {
  return {
    title: `memory of one live container (sleep infinity, JSON log), of ${most}`,
    head: ['', 'PSS', 'of it private'],
    rows: [
      ['corral-init', kb(each.initKb), kb(each.initPrivateKb)],
      ['in the supervisor, after a collection of garbage', kb(each.supervisorKb), ''],
      ['both', kb(each.totalKb), ''],
      ['in the supervisor, as it is after the starts', kb(each.withoutCollectionKb), ''],
      ...monitors.map(({ name, version, pssKb, privateKb }) => [
        `${name} ${version}, of ${peerCount}`,
        kb(pssKb),
        kb(privateKb),
      ]),
    ],
  };
}

function lifeTable({ none, json, next, idle, takeOver, removalMs, ...figures }, most) {
  const each = divide({ none, json, ...figures }, most);
  const perSecond = (runs) => `${(runs.wakeUps / IDLE_SECONDS).toFixed(1)} a second`;
  return {
    title: `the supervisor with ${most} live`,
    head: ['', ''],
    rows: [
      ['JavaScript heap each: JSON log', kb(each.heapKb)],
      ['JavaScript heap each: raw log', kb(each.rawHeapKb)],
      ['descriptors each: JSON log', each.fds.toFixed(1)],
      ['descriptors each: raw log', each.rawFds.toFixed(1)],
      ['threads more than with none', String(each.threads)],
      ['inotify watches', String(json.watches)],
      ['PSS with none, after a collection', `${(none.pssKb / 1024).toFixed(1)} MB`],
      [`PSS with ${most}, after a collection`, `${(json.pssKb / 1024).toFixed(1)} MB`],
      ['PSS of the next supervisor that has taken them over', `${(next.pssBeforeKb / 1024).toFixed(1)} MB`],
      [`CPU time in ${IDLE_SECONDS} s without anything to do`, `${idle.supervisor.ms.toFixed(1)} ms`],
      ['wake-ups without anything to do', perSecond(idle.supervisor)],
      ['wake-ups of all corral-inits together', perSecond(idle.inits)],
      ['after SIGKILL: the next one answers after', `${takeOver.answersMs.toFixed(0)} ms`],
      ['after SIGKILL: it knows all after', `${takeOver.knowsAllMs.toFixed(0)} ms`],
      ['removing all with --force, 8 at a time', `${(removalMs / 1000).toFixed(1)} s`],
    ],
  };
}

function timeGroup(name, rounds) {
  const rows = [...rounds].map(([level, samples]) => toRow(rowName(level), samples));
  return { title: name, rows: withRatios(rows, rowName(0)) };
}

/** Nobody looks at containers again and again. */
function idleVerdict({ supervisor }, most) {
  const percent = supervisor.ms / (IDLE_SECONDS * 10);
  return {
    target: `(i) idle with ${most} live: ≤ 0.5 % of a core`,
    value: `${percent.toFixed(2)} %`,
    met: percent <= 0.5,
  };
}
