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

/** Tells whether it is that of a process of this boot: all others are gone, with all that they had. */
export function isOfThisBoot(identity: ProcessIdentity): boolean {
  return identity.bootId === readBootId();
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

/**
 * Reads how a process ended, as wait(2) gives it, while its parent has not taken note of its end.
 *
 * @returns `undefined` before its end, after that note, and where the caller may not know
 * @see proc_pid_stat(5), field 52
 */
export function readZombieStatus(identity: ProcessIdentity): number | undefined {
  if (identity.bootId !== readBootId()) return undefined;
  const status = parseZombieStatus(readStat(identity.pid) ?? '', identity.startTime);
  // To those who may not know the kernel says 0; that is nobody whose user id is 0.
  return status === 0 && process.geteuid?.() !== 0 ? undefined : status;
}

/** Reads the wait status from the text of /proc/PID/stat; `undefined` unless it is a dead process that started then. */
export function parseZombieStatus(stat: string, startTime: string): number | undefined {
  const fields = listFields(stat);
  const [state] = fields;
  if (state !== 'Z' || fields[START_TIME] !== startTime) return undefined;
  return Number(fields[EXIT_CODE]);
}

/** Returns what tells this boot of the machine from every other. @see proc_sys_kernel(5), random/boot_id */
export function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

function readStartTime(pid: number): string | undefined {
  return parseStartTime(readStat(pid) ?? '');
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Reads the start time from the text of /proc/PID/stat; `undefined` for a process that is dead already. */
export function parseStartTime(stat: string): string | undefined {
  const fields = listFields(stat);
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[START_TIME];
}

/** Where the fields 22 and 52 of the manual page are among those behind the name. */
const START_TIME = 19;
const EXIT_CODE = 49;

// The name in parentheses may itself hold spaces and parentheses.
function listFields(stat: string): readonly string[] {
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .trimEnd()
    .split(' ');
}
