import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Extract, type Header, extract } from 'tar-stream';
import { ContainerError, isContainerError } from '../../errors/container-error.js';
import { type LeftOut, newEntry, reasonToLeaveOut } from './copier.js';
import type { CopyContext } from './copier.js';
import { countBytes, writeAll } from './io.js';
import { type EntryKind, type FileTree, type NewEntry, type Opened, type Timestamp, joinPath } from './tree.js';

/**
 * Unpacks a tar archive into a directory of a tree. Paths are resolved in the tree: links there may lead elsewhere in it, and
 * never out of it.
 *
 * @param path - of the directory, in the tree
 * @throws ContainerError for a name that leads out of the directory
 */
export async function unpackTree(
  tree: FileTree,
  path: string,
  {
    input,
    archive,
    leftOut,
    onBytes,
  }: Pick<CopyContext, 'archive' | 'leftOut' | 'onBytes'> & { readonly input: Readable },
): Promise<void> {
  const entries = extract();
  const feeding = failureOf(pipeline(countBytes(input, onBytes), entries));
  await using unpacker = new Unpacker(tree, path, { archive, leftOut });
  const unpacking = failureOf(unpackAll(unpacker, entries));
  const unpackFailure = await unpacking;
  entries.destroy();
  const feedFailure = await feeding;
  // What went wrong in the container ends the feeding as well; what is wrong with the archive, both.
  if (unpackFailure === undefined) return;
  if (isContainerError(unpackFailure.error) || isContainerError(feedFailure?.error)) throw unpackFailure.error;
  const { error } = feedFailure ?? unpackFailure;
  const said = error instanceof Error ? error.message : String(error);
  throw new ContainerError(`unpack the archive: ${said}`, 'ERR_ARCHIVE', { cause: error });
}

async function unpackAll(unpacker: Unpacker, entries: Extract): Promise<void> {
  for await (const entry of entries) await unpacker.unpack(entry);
  await unpacker.finish();
}

async function failureOf(doing: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await doing;
    return undefined;
  } catch (error) {
    return { error };
  }
}

type Kind = EntryKind | 'link';

const KINDS: Readonly<Partial<Record<string, Kind>>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'link',
  fifo: 'fifo',
  'character-device': 'device',
  'block-device': 'device',
};

type TarEntry = Extract extends AsyncIterable<infer T> ? T : never;

class Unpacker implements AsyncDisposable {
  readonly #tree: FileTree;
  readonly #path: string;
  readonly #archive: boolean;
  readonly #leftOut: LeftOut[];
  /** The directory that was last unpacked to: the next entry is nearly always in it, too. */
  #open: { readonly names: string; readonly directory: Opened } | undefined;
  /** What is set once nothing is put into them any more: a directory that may not be written, its time. */
  readonly #directories: { readonly names: readonly string[]; readonly entry: NewEntry }[] = [];

  constructor(
    tree: FileTree,
    path: string,
    { archive, leftOut }: { readonly archive: boolean; readonly leftOut: LeftOut[] },
  ) {
    this.#tree = tree;
    this.#path = path;
    this.#archive = archive;
    this.#leftOut = leftOut;
  }

  async unpack(entry: TarEntry): Promise<void> {
    const { header } = entry;
    const names = splitName(header.name);
    const kind = KINDS[header.type];
    const reason = reasonFor(header, kind);
    if (reason !== undefined) this.#leftOut.push({ path: header.name, ...reason });
    // The archive's own top stands for the directory that is there.
    else if (kind !== undefined && names.length > 0) await this.#make(entry, kind, names);
    entry.resume();
  }

  /** Sets what directories are given last. */
  async finish(): Promise<void> {
    for (const { names, entry } of this.#directories.toReversed()) {
      using directory = await this.#tree.openDirectory({ path: this.#below(names) });
      await this.#tree.finish(directory, entry);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#open?.directory.fd.close();
    return Promise.resolve();
  }

  async #make(entry: TarEntry, kind: Kind, names: readonly string[]): Promise<void> {
    const { header } = entry;
    const directory = await this.#openParent(names.slice(0, -1));
    const name = names.at(-1) ?? '';
    if (kind === 'link') {
      await this.#link(directory, name, header);
      return;
    }
    const wanted = toNewEntry(header, name, kind, this.#archive);
    using made = await this.#tree.put(directory, wanted);
    if (made === undefined) return;
    if (kind === 'directory') {
      this.#directories.push({ names, entry: wanted });
      return;
    }
    for await (const chunk of entry) await writeAll(made, chunk as Uint8Array);
    await this.#tree.finish(made, wanted);
  }

  // An archive names the other one from its own top.
  async #link(directory: Opened, name: string, { linkname }: Header): Promise<void> {
    const names = splitName(linkname);
    using other = await this.#tree.openDirectory({ path: this.#below(names.slice(0, -1)) });
    await this.#tree.link(directory, name, { directory: other, name: names.at(-1) ?? '' });
  }

  async #openParent(names: readonly string[]): Promise<Opened> {
    const key = names.join('/');
    if (this.#open?.names === key) return this.#open.directory;
    this.#open?.directory.fd.close();
    this.#open = undefined;
    const directory = await this.#openOrMake(names);
    this.#open = { names: key, directory };
    return directory;
  }

  // An archive may leave the directories out that its files are in.
  async #openOrMake(names: readonly string[]): Promise<Opened> {
    const path = this.#below(names);
    if (names.length === 0 || (await this.#tree.status({ path })) !== undefined) {
      return this.#tree.openDirectory({ path });
    }
    using parent = await this.#openOrMake(names.slice(0, -1));
    const now = { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 };
    const entry: NewEntry = { name: names.at(-1) ?? '', kind: 'directory', mode: 0o755, modified: now };
    const made = await this.#tree.put(parent, entry);
    if (made === undefined) throw new Error('a directory has a descriptor');
    await this.#tree.finish(made, entry);
    return made;
  }

  #below(names: readonly string[]): string {
    return names.reduce(joinPath, this.#path);
  }
}

function splitName(name: string): readonly string[] {
  const names = name.split('/').filter((part) => part !== '' && part !== '.');
  if (!names.includes('..')) return names;
  throw new ContainerError(`unpack ${JSON.stringify(name)}: it leads out of the archive`, 'ERR_ARCHIVE');
}

function reasonFor(header: Header, kind: Kind | undefined): Omit<LeftOut, 'path'> | undefined {
  if (kind === undefined) return { reason: `a ${header.type}`, missed: true };
  // tar-stream puts this in place of what is no UTF-8.
  const isGarbled = `${header.name}${kind === 'symlink' || kind === 'link' ? header.linkname : ''}`.includes('\ufffd');
  return reasonToLeaveOut({ kind: kind === 'link' ? 'file' : kind, ...(isGarbled ? { garbled: true } : {}) });
}

function toNewEntry(header: Header, name: string, kind: EntryKind, archive: boolean): NewEntry {
  const pax = (header.pax ?? {}) as Readonly<Partial<Record<string, string>>>;
  const entry = {
    name,
    kind,
    mode: header.mode,
    // Where these do not fit, or are finer, an extended header has them.
    uid: Number(pax['uid'] ?? header.uid),
    gid: Number(pax['gid'] ?? header.gid),
    modified: parseTime(pax['mtime'] ?? String(header.mtime.getTime() / 1000)),
    size: header.size,
    links: 1,
    ...(kind === 'symlink' ? { target: header.linkname } : {}),
  };
  return newEntry(entry, name, archive);
}

/** Reads seconds since the epoch with a fraction. */
function parseTime(text: string): Timestamp {
  const [, whole = '0', fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  // Before 1970 the fraction counts downwards: -1.25 is three quarters of a second after -2.
  if (!whole.startsWith('-') || nanoseconds === 0) return { seconds: Number(whole), nanoseconds };
  return { seconds: Number(whole) - 1, nanoseconds: 1e9 - nanoseconds };
}
