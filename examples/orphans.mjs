// Who is left after the kill? The same workload, started and killed in several ways:
//
//   node examples/orphans.mjs
//
// It starts a daemon in a session of its own, a double fork, and a process that ignores SIGTERM, as build tools, test
// runners and language servers do every day. The script counts what is still alive after each kill, then clears it away.
import { spawn as spawnChild } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import treeKill from 'tree-kill';
import { spawn } from 'corral';

const PROCESSES = 4;

const WORKLOAD = `
  setsid sh -c 'while :; do sleep 1; done' "$0" &                  # a daemon
  (sh -c 'while :; do sleep 1; done' "$0" &)                       # a double fork: its parent is gone
  sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' "$0" &   # deaf
  while :; do sleep 1; done`;

const command = (marker) => ['sh', '-c', WORKLOAD, marker];

/** Each way starts the workload, and returns how to kill it. */
const WAYS = {
  'child_process.spawn + kill()': (marker) => {
    const child = spawnChild('sh', command(marker).slice(1), { stdio: 'ignore' });
    return () => child.kill();
  },
  'child_process.spawn + kill("SIGKILL")': (marker) => {
    const child = spawnChild('sh', command(marker).slice(1), { stdio: 'ignore' });
    return () => child.kill('SIGKILL');
  },
  'detached spawn + kill(-pid, "SIGKILL")': (marker) => {
    const child = spawnChild('sh', command(marker).slice(1), { stdio: 'ignore', detached: true });
    return () => process.kill(-child.pid, 'SIGKILL');
  },
  'tree-kill, SIGKILL': (marker) => {
    const child = spawnChild('sh', command(marker).slice(1), { stdio: 'ignore' });
    return () => new Promise((resolve) => treeKill(child.pid, 'SIGKILL', resolve));
  },
  'execa + kill()': (marker) => {
    const child = execa('sh', command(marker).slice(1), { stdio: 'ignore', reject: false, forceKillAfterDelay: 500 });
    return async () => {
      child.kill();
      await child;
    };
  },
  corral: async (marker) => {
    const container = await spawn(command(marker), { stdout: 'ignore', stderr: 'ignore' });
    return () => container.kill();
  },
  'corral, isolation "cgroup"': async (marker) => {
    const container = await spawn(command(marker), { isolation: 'cgroup', stdout: 'ignore', stderr: 'ignore' });
    return () => container.kill();
  },
};

let worst = 0;
console.log(`${'killed by'.padEnd(40)}left of ${PROCESSES}`);
for (const [name, start] of Object.entries(WAYS)) {
  const marker = `orphans-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const kill = await start(marker);
  await until(() => find(marker).length >= PROCESSES);
  await kill();
  if (!name.startsWith('corral')) await delay(300);
  const left = find(marker);
  console.log(`${name.padEnd(40)}${left.length}`);
  if (name.startsWith('corral')) worst = Math.max(worst, left.length);
  await clearAway(marker);
}
process.exitCode = worst === 0 ? 0 : 1;

/** The processes that have the marker among their arguments, zombies left out. */
function find(marker) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(marker);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function clearAway(marker) {
  while (find(marker).length > 0) {
    for (const pid of find(marker)) process.kill(pid, 'SIGKILL');
    await delay(20);
  }
}

async function until(condition) {
  for (let i = 0; !condition(); i++) {
    if (i > 500) throw new Error('the workload did not come up');
    await delay(20);
  }
}
