import type { Usage } from '../cgroup/usage.js';
import type { WaitResult } from '../native/addon.js';
import { readReportPage } from '../native/report-page.js';
import { signalName } from '../util/signals.js';

/** How a process of a container ended. */
export interface ProcessResult {
  /** Its exit code; `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, such as `SIGKILL`; `null` when it exited. */
  readonly signal: string | null;
  /** The `timeout` option ended it. */
  readonly timedOut: boolean;
  /** The `signal` option (an AbortSignal) ended it. */
  readonly aborted: boolean;
  /** From the call to the end. */
  readonly durationMs: number;
}

/** How the first process of a container ended. */
export type MainExit = Pick<ProcessResult, 'exitCode' | 'signal'>;

/** How a container ended. By then nothing of it is left: no process, no cgroup, no mount. */
export interface ContainerResult extends ProcessResult {
  /** The kernel's out-of-memory killer took one of its processes: read from the cgroup, never guessed from the signal. */
  readonly oomKilled: boolean;
  /** What it has used in all; what this host cannot tell is absent. */
  readonly usage: Usage;
  /**
   * Nobody was there when the main process ended, and nothing of it is left that tells how: `exitCode` and `signal` are `null`
   * both. Only a container without an init that has outlived its owner can end so.
   */
  readonly statusUnknown?: true;
  /**
   * Processes that the main one left behind, and that were killed with the cgroup. Those of a pid namespace of its own die with
   * its first process and are not counted: so this tells something with `isolation: 'cgroup'` and `pid: 'host'`.
   */
  readonly leftBehind: number;
}

/**
 * Returns how a container's main process ended.
 *
 * corral-init, which a pid namespace makes immune to most signals, cannot die the way the workload died: it notes the wait
 * status in the report page. Without that note it was killed itself, and then so is the container.
 */
export function mainExit(reportFd: number, waited: WaitResult): MainExit {
  const { waitStatus } = readReportPage(reportFd);
  if (waitStatus !== undefined) return parseWaitStatus(waitStatus);
  return { exitCode: waited.exitCode, signal: waited.signal === null ? null : signalName(waited.signal) };
}

/** Reads a status of wait(2). */
export function parseWaitStatus(status: number): MainExit {
  const signal = status & 0x7f;
  if (signal !== 0) return { exitCode: null, signal: signalName(signal) };
  return { exitCode: (status >> 8) & 0xff, signal: null };
}
