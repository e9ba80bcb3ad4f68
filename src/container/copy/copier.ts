import { ContainerError, isContainerError } from '../../errors/container-error.js';
import { readChunks, writeAll } from './io.js';
import { type Entry, type FileTree, type NewEntry, type Opened, type Place, describePlace } from './tree.js';

/** Something that was not copied, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
  /** `false`: nobody will miss it, as a socket has nothing in it. */
  readonly missed: boolean;
}

/** What a copy of a tree works with. */
export interface CopyContext {
  readonly from: FileTree;
  readonly to: FileTree;
  /** Owners are kept, and with them the set-user-ID and set-group-ID bits. */
  readonly archive: boolean;
  readonly leftOut: LeftOut[];
  /** Is told of each piece of a file, by its length. */
  readonly onBytes: ((bytes: number) => void) | undefined;
}

/** Something in the tree that is copied from. */
export interface Found {
  readonly place: Place;
  readonly entry: Entry;
}

/** Copies trees, one into the other: directories, files, links, FIFOs, with their modes and times. */
export class Copier {
  readonly #context: CopyContext;
  /** The directory that everything goes below: where the first name of a file with several is found again. */
  readonly #top: Opened;
  /** Files that have more than one name: the first one's path below the top, and when it is there. */
  readonly #copied = new Map<string, { readonly names: readonly string[]; readonly done: Promise<void> }>();
  /** The directory that was made for the source: a source that it lies in must not be copied into itself. */
  #made: string | undefined;

  constructor(context: CopyContext, top: Opened) {
    this.#context = context;
    this.#top = top;
  }

  /** Copies one thing, with all that is in it, to a name in the top directory. */
  async copy(found: Found, name: string): Promise<void> {
    await this.#copy(found, this.#top, [name]);
  }

  /** Copies what is in a directory to the top directory. */
  async copyContents(source: Opened, identity: string): Promise<void> {
    this.#made = identity;
    await this.#copyEntries(source, this.#top, []);
  }

  async #copy(found: Found, into: Opened, names: readonly string[]): Promise<void> {
    const { leftOut, from } = this.#context;
    const reason = reasonToLeaveOut(found.entry);
    if (reason !== undefined) {
      leftOut.push({ path: describePlace(from, found.place), ...reason });
      return;
    }
    try {
      if (found.entry.kind === 'directory') await this.#copyDirectory(found, into, names);
      else if (found.entry.kind === 'file') await this.#copyFile(found, into, names);
      else await this.#context.to.put(into, this.#newEntry(found.entry, names));
    } catch (error) {
      if (!(error instanceof ChangedError)) throw error;
      leftOut.push({ path: describePlace(from, found.place), reason: 'it changed while it was copied', missed: true });
    }
  }

  async #copyDirectory({ place, entry }: Found, into: Opened, names: readonly string[]): Promise<void> {
    const { from, to } = this.#context;
    if (entry.identity === this.#made) {
      throw new ContainerError(
        `copy ${describePlace(from, place)}: a directory cannot be copied into itself`,
        'EINVAL',
      );
    }
    using source = await whileItIs(from.openDirectory(place));
    using target = await to.put(into, this.#newEntry(entry, names));
    if (target === undefined) return;
    this.#made ??= target.identity;
    await this.#copyEntries(source, target, names);
    await to.finish(target, this.#newEntry(entry, names));
  }

  // Most of the time goes into waiting for answers: so a few at a time, but directories one after the other.
  async #copyEntries(source: Opened, target: Opened, names: readonly string[]): Promise<void> {
    const entries = await this.#context.from.list(source);
    const copyEntry = (entry: Entry): Promise<void> =>
      this.#copy({ place: { directory: source, name: entry.name }, entry }, target, [...names, entry.name]);
    const isDirectory = ({ kind }: Entry): boolean => kind === 'directory';
    await forEachOf(
      entries.filter((entry) => !isDirectory(entry)),
      copyEntry,
    );
    for (const entry of entries.filter(isDirectory)) await copyEntry(entry);
  }

  async #copyFile(found: Found, into: Opened, names: readonly string[]): Promise<void> {
    const first = this.#copied.get(found.entry.identity);
    if (first !== undefined) {
      await first.done;
      await this.#linkTo(first.names, into, names);
      return;
    }
    const done = this.#copyContent(found, into, names);
    if (found.entry.links > 1) this.#copied.set(found.entry.identity, { names, done });
    await done;
  }

  async #copyContent(found: Found, into: Opened, names: readonly string[]): Promise<void> {
    const { from, to, onBytes } = this.#context;
    // Before the target is made: the two may be one file.
    using source = await whileItIs(from.openFile(found.place));
    const entry = this.#newEntry(found.entry, names);
    using target = await to.put(into, entry);
    if (target === undefined) return;
    for await (const chunk of readChunks(source)) {
      await writeAll(target, chunk);
      onBytes?.(chunk.length);
    }
    await to.finish(target, entry);
  }

  async #linkTo(first: readonly string[], into: Opened, names: readonly string[]): Promise<void> {
    const { to } = this.#context;
    const opened: Opened[] = [];
    try {
      let directory = this.#top;
      for (const name of first.slice(0, -1)) {
        directory = await to.openDirectory({ directory, name });
        opened.push(directory);
      }
      await to.link(into, names.at(-1) ?? '', { directory, name: first.at(-1) ?? '' });
    } finally {
      for (const { fd } of opened) fd.close();
    }
  }

  #newEntry(entry: Entry, names: readonly string[]): NewEntry {
    return newEntry(entry, names.at(-1) ?? '', this.#context.archive);
  }
}

const AT_ONCE = 8;

/** Does something for each item, a few at a time. What fails first stops the rest, and is thrown once nothing goes on. */
async function forEachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++] as T;
      try {
        await act(item);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failed = ended.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Returns what is made of an entry. */
export function newEntry(entry: Omit<Entry, 'identity'>, name: string, archive: boolean): NewEntry {
  const { kind, mode, modified, uid, gid, target } = entry;
  return {
    name,
    kind: kind as NewEntry['kind'],
    // With another owner, these two would give somebody else's rights away.
    mode: archive ? mode : mode & ~0o6000,
    modified,
    ...(archive ? { owner: { uid, gid } } : {}),
    ...(target === undefined ? {} : { target }),
  };
}

/** Says why something cannot be copied; `undefined`: it can. */
export function reasonToLeaveOut({
  kind,
  garbled,
}: Pick<Entry, 'kind' | 'garbled'>): Omit<LeftOut, 'path'> | undefined {
  if (garbled === true) return { reason: 'its name, or where it leads, is no UTF-8', missed: true };
  if (kind === 'socket') return { reason: 'a socket', missed: false };
  if (kind === 'device') return { reason: 'a device', missed: true };
  return undefined;
}

/** What was there a moment ago is gone, or is something else. */
export class ChangedError extends Error {}

const CHANGED = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR'];

/** Opens what was seen a moment ago. @throws ChangedError when it is not there any more as it was */
export async function whileItIs<T>(opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (isContainerError(error) && CHANGED.includes(error.code)) throw new ChangedError();
    throw error;
  }
}
