// Processes that have a marker among their arguments.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LOOKS = 12;
const BETWEEN_LOOKS_MS = 15;

/**
 * @param {string} marker
 * @param {string} program - the end of the first argument: of the processes with the marker, only the program's own count
 * @returns {number[]} pids, zombies left out: these have no arguments any more
 */
export function findMarked(marker, program) {
  // The newest first: a process that re-forks is gone by the time that all others have been looked at.
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.sort((a, b) => b - a).filter((pid) => isMarked(pid, marker, program));
}

function isMarked(pid, marker, program) {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[0].endsWith(program) && words.includes(marker);
  } catch {
    return false; // it has just ended
  }
}

/**
 * Counts who is alive once things have settled: when nobody was seen for a while, or when the time is over. The most that
 * one of the last looks saw counts, because a process that re-forks may slip through one.
 */
export async function countSettled(marker, program, limitMs) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const most = await lookAround(marker, program);
    if (most === 0 || performance.now() > deadline) return most;
  }
}

async function lookAround(marker, program) {
  let most = 0;
  for (let look = 0; look < LOOKS; look++) {
    most = Math.max(most, findMarked(marker, program).length);
    await delay(BETWEEN_LOOKS_MS);
  }
  return most;
}

/** Kills them until nobody has been seen for a while. They are the bench's own: nobody else knows the marker. */
export async function killMarked(marker, program) {
  while ((await lookAround(marker, program)) > 0) {
    for (const pid of findMarked(marker, program)) killIfThere(pid);
  }
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
