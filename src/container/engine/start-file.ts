import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { watchReady } from '../../native/fd-watch.js';

/**
 * The FIFO at which a created container waits. corral-init alone has it open, for reading and writing, until its exec: a
 * writer finds a reader there exactly as long as the container is not started, and sees it go at the exec.
 */
export function makeStartFile(path: string): number {
  call(`make fifo ${path}`, () => {
    addon.makeFifo({ path });
  });
  return openSync(path, constants.O_RDWR);
}

/** Opens it to give the start. @returns `undefined` when nobody waits there any more; the descriptor belongs to the caller */
export function openStartFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (GONE.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

const GONE = ['ENXIO', 'ENOENT'];

/** Tells whether a container waits for its start. */
export function isWaiting(path: string): boolean {
  const fd = openStartFile(path);
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

/** Gives the start, and waits until the process has become the workload, or has failed to. */
export async function giveStart(fd: number): Promise<void> {
  await new Promise<void>((resolve) => {
    // The reader's end closes: POLLERR, fifo(7), which is told whatever is asked for.
    const watch = watchReady(fd, 'priority', () => {
      watch.stop();
      resolve();
    });
    writeSync(fd, 'x');
  });
}
