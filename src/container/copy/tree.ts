import type { Fd } from '../../native/fd.js';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device';

/** When a file was last changed, since the epoch. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** What a directory has under one name. Owners are those that its tree sees. */
export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  /** Permission bits, 0–0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly modified: Timestamp;
  /** How many names it has. */
  readonly links: number;
  /** The same for two names of one file, and for nothing else. */
  readonly identity: string;
  /** Where a symbolic link leads. */
  readonly target?: string;
  /** The name or the target is not UTF-8, and cannot be told. */
  readonly garbled?: true;
}

/** What is to be made. */
export interface NewEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'fifo';
  readonly mode: number;
  readonly modified: Timestamp;
  /** Absent: whoever makes it. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly target?: string;
}

/** An open file or directory, which belongs to whoever has opened it. */
export class Opened implements Disposable {
  readonly fd: Fd;
  /** As messages call it. */
  readonly path: string;
  /** As an entry's. */
  readonly identity: string;

  constructor(fd: Fd, path: string, identity: string) {
    this.fd = fd;
    this.path = path;
    this.identity = identity;
  }

  [Symbol.dispose](): void {
    this.fd.close();
  }
}

/**
 * Where something is: a path from the tree's root, in which links are followed and lead nowhere but into the tree; or an entry
 * of an open directory, of which no link is followed.
 */
export type Place = { readonly path: string } | { readonly directory: Opened; readonly name: string };

/** Files that can be copied from or to: those of a container, or of the host. */
export interface FileTree {
  /** Returns a path as messages call it: `web:/etc/hosts`. */
  readonly describe: (path: string) => string;
  /** @throws SyscallError ENOTDIR for what is none */
  readonly openDirectory: (place: Place) => Promise<Opened>;
  /** Opens a plain file for reading. @throws SyscallError ENXIO for a device, a socket or a FIFO */
  readonly openFile: (place: Place) => Promise<Opened>;
  /** @returns `undefined` when there is nothing of that name */
  readonly status: (place: Place) => Promise<Entry | undefined>;
  readonly list: (directory: Opened) => Promise<readonly Entry[]>;
  /**
   * Makes an entry in place of what has the name now. A directory that is there already stays, with all that is in it.
   *
   * @returns the file, open for writing, or the directory; for other kinds nothing. Its mode and its time are not set yet
   * @throws SyscallError EISDIR and ENOTDIR where a directory would have to take the place of something else, or the contrary
   */
  readonly put: (directory: Opened, entry: NewEntry) => Promise<Opened | undefined>;
  /** Gives a file or directory that was put its mode and its time. */
  readonly finish: (opened: Opened, entry: Pick<NewEntry, 'mode' | 'modified'>) => Promise<void>;
  /** Makes a hard link. */
  readonly link: (directory: Opened, name: string, to: { directory: Opened; name: string }) => Promise<void>;
}

/** Returns what messages call a place. */
export function describePlace(tree: Pick<FileTree, 'describe'>, place: Place): string {
  return 'path' in place ? tree.describe(place.path) : joinPath(place.directory.path, place.name);
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`;
}

const KINDS: Readonly<Record<number, EntryKind>> = {
  0o010000: 'fifo',
  0o020000: 'device',
  0o040000: 'directory',
  0o060000: 'device',
  0o100000: 'file',
  0o120000: 'symlink',
  0o140000: 'socket',
};

/** Reads the type of a file from its mode. @see inode(7) */
export function kindOf(mode: number): EntryKind {
  return KINDS[mode & 0o170000] ?? 'device';
}
