import { fieldOf, linesOf } from '../../util/proc-fields.js';

/** What /proc/PID/status says of a process, as far as it tells whose it is. */
export interface ProcessStatus {
  /** Real, effective, saved and file system id, in the reader's user namespace. */
  readonly uids: readonly number[];
  /** Likewise. */
  readonly gids: readonly number[];
  /** Supplementary groups, likewise. */
  readonly groups: readonly number[];
  /** Its pid in each pid namespace that it is in, from the reader's own down to the innermost. */
  readonly nsPids: readonly number[];
}

/** Reads the text of /proc/PID/status. @see proc_pid_status(5) */
export function parseProcessStatus(text: string): ProcessStatus {
  const numbers = (name: string): readonly number[] => {
    return (fieldOf(text, name) ?? '')
      .split(/\s+/)
      .filter((word) => /^\d+$/.test(word))
      .map(Number);
  };
  return { uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups'), nsPids: numbers('NSpid') };
}

/** Tells whether two looks at a process show the same ids: it has not become somebody else in between. */
export function hasSameIds(before: ProcessStatus, after: ProcessStatus): boolean {
  return String(before.uids) === String(after.uids) && String(before.gids) === String(after.gids);
}

/** The path behind `0::` in the text of /proc/PID/cgroup, to the letter; `undefined` where there is no cgroup v2. */
export function parseUnifiedPath(text: string): string | undefined {
  return linesOf(text)
    .find((line) => line.startsWith('0::/'))
    ?.slice('0::'.length);
}
