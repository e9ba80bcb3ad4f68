import { readFileSync } from 'node:fs';
import { fieldOf } from '../util/proc-fields.js';

/** A process of a container. */
export interface ProcessInfo {
  /** In the caller's pid namespace. */
  readonly pid: number;
  /** Its parent, likewise; 0 where that is outside. */
  readonly parentPid: number;
  /** Its words; of a process that has none, such as one that is gone but for its status, its name. */
  readonly command: readonly string[];
  /** As ps(1) has it: `R`, `S`, `D`, `T`, `Z`. */
  readonly state: string;
  /** Effective user, as this host counts. */
  readonly uid: number;
  readonly threads: number;
  /** Resident memory. */
  readonly memoryBytes: number;
  /** CPU time so far. */
  readonly cpuMs: number;
}

/** Returns what is known of processes, by pid; those that have ended meanwhile are left out. @see proc(5) */
export function readProcesses(pids: readonly number[]): readonly ProcessInfo[] {
  return [...pids].sort((one, other) => one - other).flatMap((pid) => readProcess(pid) ?? []);
}

/** Of USER_HZ, which is 100 wherever Linux runs on x86 and ARM; of pages. */
const TICK_MS = 10;

function readProcess(pid: number): ProcessInfo | undefined {
  const stat = read(pid, 'stat');
  const status = read(pid, 'status');
  if (stat === undefined || status === undefined) return undefined;
  return { pid, ...parseStat(stat), ...parseStatus(status), command: readWords(pid, stat) };
}

function readWords(pid: number, stat: string): readonly string[] {
  const words = (read(pid, 'cmdline') ?? '').split('\0').slice(0, -1);
  return words.length > 0 ? words : [nameOf(stat)];
}

function nameOf(stat: string): string {
  return stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
}

// The name in parentheses may be anything, so it counts from the last one on.
function parseStat(stat: string): Pick<ProcessInfo, 'state' | 'parentPid' | 'cpuMs' | 'threads'> {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3] ?? 0);
  return {
    state: fields[0] ?? '',
    parentPid: number(4),
    cpuMs: (number(14) + number(15)) * TICK_MS,
    threads: number(20),
  };
}

function parseStatus(status: string): Pick<ProcessInfo, 'uid' | 'memoryBytes'> {
  const [, uid = '0'] = fieldOf(status, 'Uid')?.split('\t') ?? [];
  const [kilobytes = '0'] = fieldOf(status, 'VmRSS')?.split(' ') ?? [];
  return { uid: Number(uid), memoryBytes: Number(kilobytes) * 1024 };
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return undefined; // ended meanwhile
  }
}
