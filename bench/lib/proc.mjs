// What /proc says of processes.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * Returns what a process has in memory, in KB. `pss`: each page divided by the number of those who share it; `private`: the pages
 * that nobody else has.
 *
 * @see proc_pid_smaps(5)
 */
export function readMemoryKb(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]);
  return { pss: field('Pss'), private: field('Private_Clean') + field('Private_Dirty'), rss: field('Rss') };
}

export function countFds(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function countThreads(pid) {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** Counts the inotify(7) watches of a process. */
export function countWatches(pid) {
  const inotify = readdirSync(`/proc/${pid}/fd`).filter((fd) => readLink(`/proc/${pid}/fd/${fd}`).includes('inotify'));
  return inotify.reduce((sum, fd) => sum + (read(`/proc/${pid}/fdinfo/${fd}`).match(/^inotify /gm) ?? []).length, 0);
}

/**
 * Returns how much all threads of a process have run so far, and how often they were woken.
 *
 * @returns {{ ms: number, wakeUps: number }}
 */
export function readRuns(pid) {
  let ms = 0;
  let wakeUps = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    ms += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] || 0) / 1e6;
    wakeUps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`/proc/${pid}/task/${task}/status`))?.[1] ?? 0);
  }
  return { ms, wakeUps };
}

/** Lists the processes that have all these words somewhere in their command lines; they are not asked for by name alone. */
export function findProcesses(...words) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => words.every((word) => read(`/proc/${pid}/cmdline`).includes(word)))
    .map(Number);
}

export function isRunning(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

// What ends meanwhile has nothing more to say.
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path) {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
