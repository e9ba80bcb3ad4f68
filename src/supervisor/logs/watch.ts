import { type FSWatcher, watch } from 'node:fs';

/** A watch that goes on until it is closed. */
export interface Watch {
  readonly close: () => void;
}

/** How often somebody looks who is not told of changes. */
const POLL_MS = 500;

/** How often somebody looks who is: the kernel's queue of events is finite, and Node says nothing when one was dropped. */
const SWEEP_MS = 5000;

const sweepers = new Set<() => void>();
let sweep: NodeJS.Timeout | undefined;

/**
 * Calls back after each change of a file, or in a directory; sometimes for nothing. All watches of a process share one inotify(7)
 * instance, so that a watch costs no descriptor. It does not keep the process alive.
 *
 * @param onChange - told of changes
 * @param onSweep - called now and then, for those of which nobody was told
 */
export function watchFiles(paths: readonly string[], onChange: () => void, onSweep: () => void): Watch {
  const watchers: FSWatcher[] = [];
  let poll: NodeJS.Timeout | undefined;
  const close = (): void => {
    for (const watcher of watchers) watcher.close();
    removeSweeper(onSweep);
    clearInterval(poll);
  };
  try {
    for (const path of paths) watchers.push(watch(path, { persistent: false }, onChange).on('error', onSweep));
    addSweeper(onSweep);
  } catch {
    for (const watcher of watchers.splice(0)) watcher.close();
    poll = setInterval(onSweep, POLL_MS).unref();
  }
  return { close };
}

function addSweeper(onSweep: () => void): void {
  sweepers.add(onSweep);
  sweep ??= setInterval(() => {
    for (const each of sweepers) each();
  }, SWEEP_MS).unref();
}

function removeSweeper(onSweep: () => void): void {
  sweepers.delete(onSweep);
  if (sweepers.size > 0) return;
  clearInterval(sweep);
  sweep = undefined;
}
