import { fieldOf } from '../util/proc-fields.js';

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  /** As ps(1) shows it: `R` runs, `S` sleeps, `D` waits for a device, `T` is stopped, `Z` has ended. */
  readonly state: string;
  /** User and system time. */
  readonly cpuMs: number;
  /** What of it is in memory, what it shares with others included. */
  readonly memoryBytes: number;
  /** What it calls itself. */
  readonly name: string;
}

/** A clock tick, as all Linux ABIs of today show it to programs. @see sysconf(3) `_SC_CLK_TCK` */
const TICK_MS = 10;
const PAGE = 4096;

/** Reads the text of /proc/PID/stat; `undefined` where it is none. @see proc_pid_stat(5) */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // A name may itself hold parentheses and spaces.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const number = (field: number): number => Number(fields[field - 3]);
  if (end < 0 || fields.length < 22) return undefined;
  return {
    state: fields[0] ?? '',
    cpuMs: (number(14) + number(15)) * TICK_MS,
    memoryBytes: number(24) * PAGE,
    name: text.slice(text.indexOf('(') + 1, end),
  };
}

/** Who a process is, by /proc/PID/status. */
export interface ProcessStatus {
  /** Its pids, from the reader's pid namespace down to its own. */
  readonly pids: readonly number[];
  /** Its effective user, as the reader's user namespace numbers users. */
  readonly uid: number;
}

/** Reads the text of /proc/PID/status; `undefined` where it is none. @see proc_pid_status(5) */
export function parseProcessStatus(text: string): ProcessStatus | undefined {
  const [, uid] = fieldOf(text, 'Uid')?.split('\t') ?? [];
  const pids = fieldOf(text, 'NSpid');
  if (uid === undefined || pids === undefined) return undefined;
  return { pids: pids.split('\t').map(Number), uid: Number(uid) };
}

/** One line of an id map: so many ids, from these on. */
export interface MapLine {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

/** Reads the text of /proc/PID/uid_map. @see user_namespaces(7) */
export function parseIdMap(text: string): readonly MapLine[] {
  return text.split('\n').flatMap((line) => {
    const [, inside, outside, size] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
    return size === undefined ? [] : [{ inside: Number(inside), outside: Number(outside), size: Number(size) }];
  });
}

/** Returns what an id is inside; `undefined` where it is not mapped. */
export function mapInside(map: readonly MapLine[], id: number): number | undefined {
  const line = map.find(({ outside, size }) => id >= outside && id < outside + size);
  return line && id - line.outside + line.inside;
}
