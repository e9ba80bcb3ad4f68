import { closeSync, openSync } from 'node:fs';
import { rereadText } from '../../cgroup/files.js';
import { parseFlatKeyed } from '../../cgroup/parse.js';
import { RefusedError } from '../../errors/refused-error.js';
import { type FdWatch, watchReady } from '../../native/fd-watch.js';
import type { CgroupScope } from '../caller/scope.js';
import { checkMayChange } from './check.js';
import { Directory } from './directory.js';
import type { RelativePath } from './paths.js';
import { removeOpen } from './remove.js';
import { inWords } from './words.js';

/** Each costs the supervisor three descriptors. */
const MOST_OF_ONE = 100;
const MOST = 1000;

/** The cgroups that are removed once nobody is in them. One list for all callers; it ends with the supervisor. */
export class WhenEmpty implements Disposable {
  /** By inode number. */
  readonly #watched = new Map<string, { readonly base: string; readonly stop: () => void }>();

  /** How many are waited for. */
  get size(): number {
    return this.#watched.size;
  }

  /**
   * Has a cgroup removed, with all below it, once nobody is in it: at once where that is so. To ask twice is to ask once.
   *
   * @throws RefusedError EAGAIN where the caller has asked for too many; EPERM, EACCES
   * @throws CgroupError ENOENT
   */
  add(scope: CgroupScope, name: RelativePath): void {
    const parent = Directory.open(scope, name.slice(0, -1));
    const directory = openOrClose(parent, () => Directory.open(scope, name));
    try {
      checkMayChange(scope, directory, 'remove');
      if (removeOpen(parent, directory) || this.#watched.has(directory.inode)) {
        closeAll(parent, directory);
        return;
      }
      this.#checkRoom(scope, directory);
      this.#watch(scope, parent, directory);
    } catch (error) {
      closeAll(parent, directory);
      throw error;
    }
  }

  /** Forgets all of them. */
  [Symbol.dispose](): void {
    for (const { stop } of [...this.#watched.values()]) stop();
  }

  #checkRoom({ inode }: CgroupScope, directory: Directory): void {
    const ofCaller = [...this.#watched.values()].filter(({ base }) => base === inode).length;
    if (ofCaller < MOST_OF_ONE && this.#watched.size < MOST) return;
    throw new RefusedError(`remove cgroup ${directory.words} when it is empty`, 'EAGAIN', {
      hint: 'there are too many already that are waited for',
    });
  }

  #watch({ inode: base }: CgroupScope, parent: Directory, directory: Directory): void {
    const { inode } = directory;
    const act = { action: `watch cgroup ${directory.words}`, cgroup: directory.name.join('/'), file: 'cgroup.events' };
    const fd = inWords(act, () => openSync(`${directory.path}/cgroup.events`, 'r'));
    const stop = (): void => {
      if (!this.#watched.delete(inode)) return;
      watch.stop();
      closeSync(fd);
      closeAll(parent, directory);
    };
    const look = (): void => {
      if (isOver(fd, parent, directory)) stop();
    };
    const watch: FdWatch = watchReady(fd, 'priority', look);
    this.#watched.set(inode, { base, stop });
    look();
  }
}

// What cannot be removed now is looked at again when it is empty the next time.
function isOver(fd: number, parent: Directory, directory: Directory): boolean {
  try {
    return parseFlatKeyed(rereadText(fd)).get('populated') === 0 && removeOpen(parent, directory);
  } catch {
    return true; // it is gone
  }
}

function openOrClose(parent: Directory, open: () => Directory): Directory {
  try {
    return open();
  } catch (error) {
    parent.close();
    throw error;
  }
}

function closeAll(...directories: readonly Directory[]): void {
  for (const directory of directories) directory.close();
}
