import { readFileSync } from 'node:fs';

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
