import { readFileSync } from 'node:fs';
import { isContainerError } from '../errors/container-error.js';
import { Pidfd } from '../native/pidfd.js';

/** A process, told apart from every other one that this machine had or will have: a pid alone is used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process, decimal. @see proc_pid_stat(5), field 22 */
  readonly startTime: string;
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
}

let bootId: string | undefined;

/** Returns the identity of a running process, or `undefined` when there is no such pid (any more). */
export function readIdentity(pid: number): ProcessIdentity | undefined {
  const startTime = readStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: readBootId() };
}

/** Tells whether the process still runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === readBootId() && readStartTime(identity.pid) === identity.startTime;
}

/**
 * Opens a process by its recorded identity. The pid is looked up first and checked afterwards: from then on the pidfd
 * cannot come to mean another process.
 *
 * @returns the pidfd, which belongs to the caller; `undefined` when the process has ended
 */
export function openProcess(identity: ProcessIdentity): Pidfd | undefined {
  try {
    const pidfd = Pidfd.open(identity.pid);
    if (isAlive(identity)) return pidfd;
    pidfd.close();
  } catch (error) {
    if (!isContainerError(error) || error.code !== 'ESRCH') throw error;
  }
  return undefined;
}

function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

function readStartTime(pid: number): string | undefined {
  try {
    return parseStartTime(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads the start time from the text of /proc/PID/stat; `undefined` for a process that is dead already. */
export function parseStartTime(stat: string): string | undefined {
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
