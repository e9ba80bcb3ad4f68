import { constants, fstatSync, openSync, readlinkSync, statfsSync } from 'node:fs';
import { RefusedError } from '../../errors/refused-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { Fd } from '../../native/fd.js';
import type { CgroupScope } from '../caller/scope.js';
import { isWithin } from '../caller/select-base.js';
import { type RelativePath, showPath } from './paths.js';
import { inWords } from './words.js';

/** From statfs(2). */
const CGROUP2_MAGIC = 0x63677270;

/**
 * A cgroup below a caller's base, or that itself, by a descriptor: whatever becomes of its name, what is done through {@link path} is
 * done to this one. cgroup v2 moves no directory to another parent, so it also stays below the base.
 */
export class Directory implements Disposable {
  readonly #fd: Fd;
  /** What the caller calls it. */
  readonly name: RelativePath;

  private constructor(fd: Fd, name: RelativePath) {
    this.#fd = fd;
    this.name = name;
  }

  /**
   * Opens the base of a caller.
   *
   * @throws RefusedError ESRCH where it is another cgroup by now, or gone
   */
  static openBase({ base, inode }: CgroupScope): Directory {
    const directory = new Directory(
      new Fd(
        inWords({ action: 'open your own cgroup', cgroup: '' }, () =>
          openSync(base, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW),
        ),
      ),
      [],
    );
    if (directory.inode === inode && statfsSync(directory.path).type === CGROUP2_MAGIC) return directory;
    directory.close();
    throw new RefusedError('open your own cgroup', 'ESRCH', { hint: 'it is gone' });
  }

  /**
   * Opens a cgroup below the base of a caller. No symbolic link is followed, no other file system entered, and no way leads up.
   *
   * @throws CgroupError ENOENT where there is none
   */
  static open(scope: CgroupScope, name: RelativePath): Directory {
    if (name.length === 0) return Directory.openBase(scope);
    using base = Directory.openBase(scope);
    return base.openBelow(scope, name);
  }

  /** Opens a cgroup below this one. @throws CgroupError */
  openBelow(scope: CgroupScope, below: RelativePath): Directory {
    const name = [...this.name, ...below];
    const action = `open cgroup ${showPath(name)}`;
    const fd = inWords({ action, cgroup: name.join('/') }, () =>
      call(action, () => addon.openBeneath({ directoryFd: this.#fd.number, path: below.join('/') })),
    );
    const directory = new Directory(new Fd(fd), name);
    // The kernel has seen to it; should it ever not, nothing is done.
    if (isWithin(scope.base, directory.absolute())) return directory;
    directory.close();
    throw new RefusedError(action, 'EPERM', { hint: 'it is not below your own cgroup' });
  }

  /** The path by which files in it are reached. It means this cgroup for this process alone. */
  get path(): string {
    return `/proc/self/fd/${String(this.#fd.number)}`;
  }

  /** Decimal. */
  get inode(): string {
    return String(fstatSync(this.#fd.number, { bigint: true }).ino);
  }

  /** Whose it is, as the supervisor counts. */
  get owner(): { readonly uid: number; readonly gid: number } {
    const { uid, gid } = fstatSync(this.#fd.number);
    return { uid, gid };
  }

  /** What errors call it. */
  get words(): string {
    return showPath(this.name);
  }

  /** The path that it has in the hierarchy at this moment, for a process that has not this descriptor. */
  absolute(): string {
    return readlinkSync(this.path);
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
