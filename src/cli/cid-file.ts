import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { describeFailure } from '../errors/syscall-error.js';
import { UsageError } from './usage-error.js';

/** Something that has been started, and that a file is to name. */
interface Identified {
  readonly id: string;
  readonly kill: () => Promise<unknown>;
}

/**
 * Starts a container and writes its name to a file, which is made before anything is started and stays when the container is
 * gone, as with docker. Whoever waits for it waits until it is not empty.
 *
 * @param path - absent: nobody wants to know
 * @throws UsageError when there is such a file already; when the start fails, its error, and the file is gone again
 */
export async function startWithCidFile<T extends Identified>(
  path: string | undefined,
  start: () => Promise<T>,
): Promise<T> {
  if (path === undefined) return start();
  const fd = openNew(path);
  let started: T | undefined;
  try {
    started = await start();
    writeSync(fd, started.id);
    return started;
  } catch (error) {
    unlinkSync(path);
    // The file could not be written: then nobody would find the container.
    await started?.kill();
    throw error;
  } finally {
    closeSync(fd);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    const taken = 'code' in error && error.code === 'EEXIST';
    throw new UsageError(
      describeFailure(`make ${path}`, -error.errno),
      taken ? '--cidfile wants a new file: remove this one, unless its container still runs' : undefined,
    );
  }
}
