import type { Containers } from '../container/containers.js';
import { formatDuration } from '../util/duration.js';

/** What a kill did, or would do. */
export type KillReport = Awaited<ReturnType<Containers['kill']>>;

/** What a signal to all of a container has reached. */
export type SignalReport = Awaited<ReturnType<Containers['signalAll']>>;

/** How a container that was asked to end did so. */
export type StopReport = Awaited<ReturnType<Containers['stop']>>;

/** Returns a kill in words: `12 processes killed in 3ms`. */
export function formatKill({ processes, durationMs }: KillReport): string {
  return `${countProcesses(processes)} killed in ${formatDuration(Math.max(1, durationMs))}`;
}

/** Returns a number of processes in words. */
export function countProcesses(count: number): string {
  return count === 1 ? '1 process' : `${count === 0 ? 'no' : String(count)} processes`;
}
