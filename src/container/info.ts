import type { Stats } from '../cgroup/stats.js';

/**
 * `creating`, `running` and `paused` say what they mean; `stopped`: its first process has ended and its owner is clearing
 * up; `abandoned`: its owner died without clearing up, and `prune` will. A container of a supervisor's is never that: it is taken
 * over by the next one.
 */
export type Status = 'creating' | 'running' | 'paused' | 'stopped' | 'abandoned';

/** What a list of containers shows of each. */
export interface ContainerInfo {
  readonly id: string;
  readonly status: Status;
  /** Its first process, in the caller's pid namespace; absent when there is none. */
  readonly pid?: number;
  readonly command: readonly string[];
  /** What was noted about it when it was made. */
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
  /** How many processes it has. */
  readonly processes: number;
  readonly stats: Stats;
}
