import { closeSync, openSync, readSync } from 'node:fs';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { type FdWatch, watchReady } from '../native/fd-watch.js';
import { codeOf, ifPresent, readIfPresent, tryWrite } from './files.js';
import { parseOomControl } from './v1/memory.js';

/** The kernel tells that memory has run out before it takes a process, and counts that one a moment later. */
const LOOKS_MS = [0, 1, 2, 5, 10, 50, 200, 1000] as const;

/**
 * Watches a v1 memory cgroup for processes that the out-of-memory killer takes.
 *
 * @param isNew - it has been there for no longer than the watch
 * @returns `undefined` where the cgroup is gone, or the kernel does not tell
 * @see cgroup-v1/memory.rst "OOM Control"
 */
export function watchOomV1(path: string, isNew: boolean, onOom: (oomKills: number) => void): FdWatch | undefined {
  const count = (): number | undefined => parseOomControl(readIfPresent(`${path}/memory.oom_control`) ?? '');
  const eventFd = register(path);
  if (eventFd === undefined) return undefined;
  let known = isNew ? 0 : (count() ?? 0);
  let timer: NodeJS.Timeout | undefined;
  const look = (round: number): void => {
    clearTimeout(timer);
    const now = count();
    if (now !== undefined && now > known) onOom(now);
    const isTold = now === undefined || now > known;
    known = Math.max(known, now ?? 0);
    const pause = LOOKS_MS[round + 1];
    if (!isTold && pause !== undefined) timer = setTimeout(look, pause, round + 1);
  };
  const watch = watchReady(eventFd, 'readable', () => {
    drain(eventFd);
    look(0);
  });
  look(LOOKS_MS.length);
  return {
    stop: () => {
      clearTimeout(timer);
      watch.stop();
      closeSync(eventFd);
    },
  };
}

/** @returns a descriptor that is readable when memory has run out, and when the cgroup goes */
function register(path: string): number | undefined {
  const control = ifPresent(() => openSync(`${path}/memory.oom_control`, 'r'));
  if (control === undefined) return undefined;
  const eventFd = call('make eventfd', () => addon.eventFd());
  const failure = tryWrite(`${path}/cgroup.event_control`, `${eventFd} ${control}`);
  // The kernel has taken a reference to the file.
  closeSync(control);
  if (failure === undefined) return eventFd;
  closeSync(eventFd);
  return undefined;
}

const counter = Buffer.alloc(8);

function drain(eventFd: number): void {
  try {
    readSync(eventFd, counter, 0, counter.length, null);
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
  }
}
