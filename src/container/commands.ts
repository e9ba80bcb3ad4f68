import { readFileSync } from 'node:fs';

/** Returns the command line of a process; `undefined` when it has ended, or has none to show. @see proc_pid_cmdline(5) */
export function readCommand(pid: number): readonly string[] | undefined {
  try {
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
    return words.length === 0 ? undefined : words;
  } catch {
    return undefined;
  }
}

const PAGE = 4096;

/**
 * Estimates the memory of processes where no cgroup counts it: what each has for itself alone. Files and shared memory are left
 * out, since nobody knows whose they are.
 *
 * @returns bytes
 * @see proc_pid_statm(5)
 */
export function estimateMemory(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readPrivateMemory(pid), 0);
}

function readPrivateMemory(pid: number): number {
  try {
    const [, resident = '0', shared = '0'] = readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ');
    return (Number(resident) - Number(shared)) * PAGE;
  } catch {
    return 0; // ended meanwhile
  }
}
