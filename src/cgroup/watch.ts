import { closeSync, openSync } from 'node:fs';
import { type FdWatch, watchReady } from '../native/fd-watch.js';
import { readEvent } from './events.js';
import { codeOf, ifPresent, readInode, rereadText } from './files.js';
import { parseFlatKeyed } from './parse.js';
import type { CgroupRef } from './types.js';
import { watchOomV1 } from './v1-oom.js';

/** What the kernel tells of a container's cgroup. */
export interface CgroupTeller {
  /** Nobody is in it any more. */
  readonly onEmpty: () => void;
  /** All its processes stand still, or do so no longer. */
  readonly onFrozen: (isFrozen: boolean) => void;
  /** The out-of-memory killer has taken processes of it: how many in all. */
  readonly onOom: (oomKills: number) => void;
}

/**
 * Watches a container's cgroup for as long as it is there. What was so before the watch began is not told of, but for processes
 * that the out-of-memory killer had taken of a container that is new.
 *
 * @param isNew - it has been there for no longer than the watch
 */
export function watchCgroup({ v2, v1 }: CgroupRef, isNew: boolean, teller: CgroupTeller): FdWatch {
  const watches: FdWatch[] = [];
  const add = (watch: FdWatch | undefined): void => {
    if (watch !== undefined) watches.push(watch);
  };
  if (v2 !== undefined && isStillThere(v2)) add(watchEvents(`${v2.path}/cgroup.events`, teller));
  const memory = v1.find((directory) => directory.controllers.includes('memory') && isStillThere(directory));
  if (v2?.controllers.includes('memory') === true && isStillThere(v2)) {
    add(watchOomV2(`${v2.path}/memory.events`, isNew, teller.onOom));
  } else if (memory !== undefined) add(watchOomV1(memory.path, isNew, teller.onOom));
  return {
    stop: () => {
      for (const watch of watches) watch.stop();
    },
  };
}

/** Tells whether nobody is in a container's cgroup any more; without cgroup v2, whether it is gone. */
export function isEmpty({ v2, v1 }: CgroupRef): boolean {
  if (v2 !== undefined) return !isStillThere(v2) || readEvent(v2.path, 'populated') !== 1;
  return !v1.some(isStillThere);
}

// Another container may have the name by now.
function isStillThere({ path, inode }: { readonly path: string; readonly inode?: string }): boolean {
  return inode === undefined || readInode(path) === inode;
}

function watchEvents(path: string, { onEmpty, onFrozen }: CgroupTeller): FdWatch | undefined {
  let before: ReadonlyMap<string, number> | undefined;
  return watchFile(path, (text) => {
    const now = parseFlatKeyed(text ?? 'populated 0\n');
    const changesTo = (key: string): number | undefined =>
      before === undefined || before.get(key) === now.get(key) ? undefined : now.get(key);
    const frozen = changesTo('frozen');
    if (frozen !== undefined) onFrozen(frozen === 1);
    if (changesTo('populated') === 0) onEmpty();
    before = now;
  });
}

function watchOomV2(path: string, isNew: boolean, onOom: (oomKills: number) => void): FdWatch | undefined {
  let known = isNew ? 0 : undefined;
  return watchFile(path, (text) => {
    const count = text === undefined ? undefined : parseFlatKeyed(text).get('oom_kill');
    if (count === undefined) return;
    if (known !== undefined && count > known) onOom(count);
    known = count;
  });
}

/**
 * Shows the text of an interface file, at once and after each change that the kernel tells of, until the cgroup is gone.
 *
 * @param show - gets `undefined` when it is
 * @returns `undefined` when the file is not there
 * @see cgroup-v2.rst: `cgroup.events` and `memory.events` raise POLLPRI
 */
function watchFile(path: string, show: (text: string | undefined) => void): FdWatch | undefined {
  const fd = ifPresent(() => openSync(path, 'r'));
  if (fd === undefined) return undefined;
  let isOpen = true;
  const stop = (): void => {
    if (!isOpen) return;
    isOpen = false;
    watch.stop();
    closeSync(fd);
  };
  const look = (): void => {
    if (!isOpen) return;
    const text = readUnlessGone(fd);
    if (text === undefined) stop();
    show(text);
  };
  const watch = watchReady(fd, 'priority', look);
  look();
  return { stop };
}

function readUnlessGone(fd: number): string | undefined {
  try {
    return rereadText(fd);
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
