import { closeSync, constants, openSync } from 'node:fs';
import { untilReady } from '../native/fd-watch.js';
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
}

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
export async function untilEvent({ cgroup, event, value, timeoutMs }: EventWait): Promise<boolean> {
  const fd = openEvents(cgroup);
  if (fd === undefined) return true;
  try {
    // Read, then poll: the kernel compares with what this descriptor has read last, so nothing is missed in between.
    if (isThere(fd, event, value)) return true;
    return await poll(fd, AbortSignal.timeout(Math.ceil(timeoutMs)), () => isThere(fd, event, value));
  } finally {
    closeSync(fd);
  }
}

async function poll(fd: number, timeout: AbortSignal, isDone: () => boolean): Promise<boolean> {
  for (;;) {
    try {
      await untilReady(fd, 'priority', { signal: timeout });
    } catch (error) {
      if (timeout.aborted) return isDone();
      throw error;
    }
    if (isDone()) return true;
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
