import { closeSync, constants, openSync } from 'node:fs';
import { untilReadyOr } from '../native/fd-watch.js';
import { now } from '../util/now.js';
import { codeOf, readIfPresent, rereadText } from './files.js';
import { parseFlatKeyed } from './parse.js';

/** The keys of `cgroup.events`. */
export type CgroupEvent = 'populated' | 'frozen';

/** What to wait for. */
export interface EventWait {
  readonly cgroup: string;
  readonly event: CgroupEvent;
  readonly value: 0 | 1;
  readonly timeoutMs: number;
  /** When this is settled, it is worth a look. */
  readonly wake?: Promise<unknown> | undefined;
}

/**
 * The kernel tells of at most one change in 10 ms (`CGROUP_FILE_NOTIFY_MIN_INTV`): the end of what has just begun is told late.
 * For that long, it is looked for as well.
 */
const LOOKS_MS = [1, 1, 2, 3, 4] as const;

/**
 * Returns what `cgroup.events` says now; `undefined` where the cgroup, or the file in it, does not exist.
 *
 * @see cgroup-v2.rst "cgroup.events"
 */
export function readEvent(cgroup: string, event: CgroupEvent): number | undefined {
  const text = readIfPresent(`${cgroup}/cgroup.events`);
  return text === undefined ? undefined : parseFlatKeyed(text).get(event);
}

/**
 * Waits until `cgroup.events` says `value`, by the kernel's own notification.
 *
 * @returns `false` when that did not happen in time; a cgroup that is gone counts as having got there
 */
export async function untilEvent({ cgroup, event, value, timeoutMs, wake }: EventWait): Promise<boolean> {
  const deadline = now() + timeoutMs;
  const fd = openEvents(cgroup);
  if (fd === undefined) return true;
  try {
    // Read, then poll: the kernel compares with what this descriptor has read last, so nothing is missed in between.
    for (let look = 0; !isThere(fd, event, value); look++) {
      const left = deadline - now();
      if (left <= 0) return false;
      const pause = Math.min(LOOKS_MS[look] ?? left, left);
      await untilReadyOr(fd, 'priority', { timeoutMs: pause, wake: look === 0 ? wake : undefined });
    }
    return true;
  } finally {
    closeSync(fd);
  }
}

function openEvents(cgroup: string): number | undefined {
  try {
    return openSync(`${cgroup}/cgroup.events`, constants.O_RDONLY);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isThere(fd: number, event: CgroupEvent, value: number): boolean {
  try {
    return parseFlatKeyed(rereadText(fd)).get(event) === value;
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ENODEV'].includes(codeOf(error));
