// (d) How long until 1, 100, 1,000 and 10,000 processes are dead.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCgroups, removeCgroups } from '../lib/cgroups.mjs';
import { Driver } from '../lib/driver.mjs';
import { interleave, withRatios } from '../lib/interleave.mjs';
import { atMost } from '../lib/verdict.mjs';
import { ROOT, readPlan } from '../lib/workspace.mjs';

export const id = 'd';
export const title = 'kill';

const BARE = 'bare cgroup.kill + poll, C';
const BARE_RMDIR = 'bare cgroup.kill + poll + rmdir, C';
const COUNTS = [1, 100, 1000, 10_000];

/** tree-kill starts one ps for each process, all at once: it does 1,000 in no minute, and a quick run has not got one. */
const treeKillMax = ({ quick }) => (quick ? 100 : 1000);

export async function run({ workspace, plan, skip }) {
  const { env } = workspace.driverOptions;
  const limited = readPlan(env, '--isolation', 'cgroup', '--memory', '8G', '--pids-limit', '20000');
  const { sleepers, killer } = workspace.programs;
  const c = new Driver([killer, sleepers], workspace.driverOptions);
  const node = new Driver([process.execPath, `${ROOT}bench/lib/kill-worker.mjs`, sleepers], workspace.driverOptions);
  await c.start();
  await node.start();
  const groups = [];
  const notes = new Set();
  try {
    for (const count of COUNTS.slice(0, plan.quick ? 3 : COUNTS.length)) {
      const context = { c, node, limited, count, plan, note: (text) => notes.add(text) };
      groups.push({
        title: `${title} of ${count === 1 ? '1 process' : `${count.toLocaleString('en')} processes`}`,
        rows: await compare(context),
      });
    }
  } finally {
    await c.stop();
    await node.stop();
  }
  skip(`(d) tree-kill of more than ${treeKillMax(plan)} processes: it starts a ps for each of them, all at once`);
  const verdicts = groups.flatMap(({ title: name, rows }) => atMost(`(d) ${name}`, rows, ['corral', BARE], 1.1));
  return { id, title, unit: 'µs', groups, verdicts, notes: [...notes] };
}

async function compare(context) {
  const { plan, count } = context;
  const rounds = plan.quick ? plan.rounds : Math.min(plan.rounds, roundsFor(count));
  const rows = await interleave(participants(context), {
    ...plan,
    rounds,
    perRound: count > 100 ? 1 : 5,
    pauseMs: 100,
  });
  return withRatios(
    rows.filter(({ rounds: samples }) => samples.flat().length > 0),
    BARE,
  );
}

const roundsFor = (count) => (count >= 10_000 ? 7 : count >= 1000 ? 15 : 30);

function participants(context) {
  const { count, plan } = context;
  return ways(context, count, plan).map(({ sample, ...way }) => ({
    ...way,
    async sample(times) {
      const samples = [];
      for (let i = 0; i < times; i++) {
        await untilReaped(count);
        samples.push(...(await sample()));
      }
      return samples;
    },
  }));
}

// Process 1 reaps the dead when it gets to it. Until then they hold their pids, and there are only 32,768 on many machines:
// nobody else there must run out of them.
async function untilReaped(count) {
  const max = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
  const deadline = performance.now() + REAPED_MS;
  while (performance.now() < deadline && countTasks() > tasksAtStart + 500) await delay(50);
  const tasks = countTasks();
  if (tasks + count > max * 0.75)
    throw new Error(`${tasks} processes are here, and room for ${max}: ${count} are too many`);
}

// proc_loadavg(5): the fourth field, after the slash; the dead that nobody has reaped are among them.
function countTasks() {
  return Number(/[/](\d+)/.exec(readFileSync('/proc/loadavg', 'utf8'))[1]);
}

const REAPED_MS = 30_000;
const tasksAtStart = countTasks();

function ways(context, count, plan) {
  return [
    { name: 'corral', sample: () => fromNode(context, 'corral') },
    { name: BARE, sample: () => fromC(context, 'bare') },
    { name: BARE_RMDIR, sample: () => fromC(context, 'bare-rmdir') },
    { name: 'freeze + SIGKILL + thaw, C', sample: () => fromC(context, 'freeze') },
    { name: 'bare cgroup.kill, Node', sample: () => bareFromNode(context) },
    { name: 'kill(-pid), Node', sample: () => fromNode(context, 'kill(-pid) of a detached child') },
    { name: 'execa', sample: () => fromNode(context, 'execa'), rounds: 3, perRound: 1 },
    ...(count <= treeKillMax(plan)
      ? [{ name: 'tree-kill', sample: () => fromNode(context, 'tree-kill'), rounds: count > 100 ? 1 : 5, perRound: 1 }]
      : []),
  ];
}

async function fromC({ c, limited, count }, way) {
  const made = makeCgroups(limited);
  await c.ask(['start', count, made.path, ...made.v1].join(' '));
  const us = Number(await c.ask([way, made.path, ...(way === 'bare-rmdir' ? made.v1 : [])].join(' ')));
  await c.ask('reap');
  await removeCgroups(made);
  return [us];
}

// The sleepers are the C program's, so that only the kill itself is Node's.
async function bareFromNode({ c, node, limited, count }) {
  const made = makeCgroups(limited);
  await c.ask(['start', count, made.path, ...made.v1].join(' '));
  const { us } = JSON.parse(await node.ask(JSON.stringify(['bare from Node', count, made.path])));
  await c.ask('reap');
  await removeCgroups(made);
  return [us];
}

async function fromNode({ node, count, note }, way) {
  const { us, left } = JSON.parse(await node.ask(JSON.stringify([way, count])));
  if (us !== null) return [us];
  note(`${way}: ${left} of ${count} processes are left after ${way === 'tree-kill' ? 30 : 2} s`);
  return [];
}
