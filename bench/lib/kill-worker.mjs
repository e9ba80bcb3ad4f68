// A Node process that starts sleepers and kills them: node kill-worker.mjs SLEEPERS
//
// One line in, JSON: [WAY, N, CGROUP]; one line out, JSON: the microseconds until the last one was dead, or how many were left.
import { spawn as spawnChild } from 'node:child_process';
import { readFileSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import treeKill from 'tree-kill';
import { spawn } from 'corral';

const stateDir = process.env['CORRAL_STATE_DIR'];
const [sleepers] = process.argv.slice(2);
const SOON_MS = 2000;
const LATE_MS = 30_000;
const STREAMS = ['ignore', 'pipe', 'ignore'];

const WAYS = {
  async corral(count) {
    // As many processes as everybody else has to kill: no init.
    const bare = { isolation: 'cgroup', init: false, stdin: 'ignore' };
    const limits = { stateDir, pids: count + 100, memory: '8G' };
    const container = await spawn([sleepers, String(count)], { ...bare, ...limits });
    await once(container.stdout, 'data');
    const us = await time(() => container.kill());
    return { us, left: 0 };
  },
  'bare from Node': async (_count, cgroup) => {
    const us = await time(async () => {
      const watcher = watch(`${cgroup}/cgroup.events`);
      writeFileSync(`${cgroup}/cgroup.kill`, '1');
      while (readFileSync(`${cgroup}/cgroup.events`, 'utf8').includes('populated 1')) await once(watcher, 'change');
      watcher.close();
    });
    return { us, left: 0 };
  },
  'kill(-pid) of a detached child': (count) => {
    const child = spawnChild(sleepers, [String(count)], { stdio: STREAMS, detached: true });
    return untilGone(child, SOON_MS, () => process.kill(-child.pid, 'SIGKILL'));
  },
  'tree-kill': (count) => {
    const child = spawnChild(sleepers, [String(count)], { stdio: STREAMS, detached: true });
    return untilGone(child, LATE_MS, () => treeKill(child.pid, 'SIGKILL'));
  },
  execa: (count) => {
    const child = execa(sleepers, [String(count)], { stdio: STREAMS, reject: false, detached: true, buffer: false });
    return untilGone(child, SOON_MS, () => child.kill('SIGKILL'));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [way, count, cgroup] = JSON.parse(line);
  console.log(JSON.stringify(await WAYS[way](count, cgroup)));
}

async function time(action) {
  const before = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - before) / 1000;
}

// The pipe is at its end when the last process that has it is dead.
async function untilGone(child, limitMs, kill) {
  await once(child.stdout, 'data');
  const end = once(child.stdout.resume(), 'end').then(() => true);
  const before = process.hrtime.bigint();
  kill();
  const gone = await Promise.race([end, delay(limitMs, false, { ref: false })]);
  const us = Number(process.hrtime.bigint() - before) / 1000;
  if (gone) return { us, left: 0 };
  const left = countGroup(child.pid);
  process.kill(-child.pid, 'SIGKILL');
  await end;
  // tree-kill has its helpers still running; the next measurement is not to pay for them.
  while (process.getActiveResourcesInfo().includes('ProcessWrap')) await delay(50);
  return { us: null, left };
}

// proc_pid_stat(5): after the name in brackets come state, parent, process group.
function countGroup(group) {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && groupOf(pid) === group).length;
}

function groupOf(pid) {
  try {
    const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return state === 'Z' ? undefined : Number(pgrp);
  } catch {
    return undefined; // it has just ended
  }
}
