// The end of everything below a cgroup of the bench's own, in all hierarchies.
import { existsSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CGROUPS = '/sys/fs/cgroup';
const PATIENCE_MS = 20_000;

/**
 * Kills what is there, and removes it.
 *
 * @param {string} name - of the cgroup, from the top of the hierarchies: one that the bench has made, and nobody else uses
 * @param {readonly string[]} more - the same elsewhere
 */
export async function clearCgroups(name, more = []) {
  // Of v1 there is one for each hierarchy, of v2 alone none in between.
  const tops = ['.', ...readdirSync(CGROUPS)].map((hierarchy) => join(CGROUPS, hierarchy, name));
  const deadline = performance.now() + PATIENCE_MS;
  for (const top of [...new Set([...tops, ...more])]) {
    while (existsSync(top) && performance.now() < deadline) if (!clearTree(top)) await delay(10);
  }
}

/** @returns whether nothing is left */
function clearTree(path) {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) clearTree(join(path, entry.name));
    }
    const pids = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').map(Number);
    for (const pid of pids) if (pid > 0) process.kill(pid, 'SIGKILL');
    rmdirSync(path);
    return true;
  } catch (error) {
    // The kernel lets go of a dead process a moment after it has told of its death.
    if (!['EBUSY', 'ENOTEMPTY', 'ENOENT', 'ENODEV', 'ESRCH'].includes(error.code)) throw error;
    return false;
  }
}
