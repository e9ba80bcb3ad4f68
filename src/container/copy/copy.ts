import type { Readable, Writable } from 'node:stream';
import { OptionError } from '../../errors/option-error.js';
import type { State } from '../state.js';
import { Copier, type Found, type LeftOut } from './copier.js';
import { type ContainerPath, End } from './end.js';
import { unpackTree } from './tar-in.js';
import { packTree } from './tar-out.js';
import { parseTypedPath, selectDestination } from './target.js';

/** What is copied from: a path of the host, one of a container, or a tar archive. */
export type CopySource = string | ContainerPath | Readable;

/** What is copied to: likewise. */
export type CopyDestination = string | ContainerPath | Writable;

/** How files are copied. */
export interface CopyOptions {
  /**
   * Owners are kept, by number, and with them the set-user-ID and set-group-ID bits. Without it, everything belongs to the
   * container's root, or on the host to the caller.
   *
   * @default false
   */
  readonly archive?: boolean;
  /** A symbolic link that is itself the source is followed. @default false */
  readonly followLink?: boolean;
  /** Is told of each piece of a file that has been copied, by its length in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

/** What came of a copy. */
export interface CopyReport {
  /** What was not copied, because it cannot be. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Copies files, directories and links, by the rules of docker and podman.
 *
 * @param find - returns the state of a container
 */
export async function copyFiles(
  source: CopySource,
  destination: CopyDestination,
  { find, archive = false, followLink = false, onBytes }: CopyOptions & { readonly find: (id: string) => State },
): Promise<CopyReport> {
  const leftOut: LeftOut[] = [];
  if (isStream(source)) {
    if (isStream(destination) || typeof destination === 'string') {
      throw new OptionError('destination', destination, 'in a container, where an archive is unpacked');
    }
    await using to = await End.open(destination, find);
    await unpackInto(to, { input: source, archive, leftOut, onBytes });
    return { leftOut };
  }
  await using from = await End.open(source, find);
  const found = await from.find({ followLink });
  if (isStream(destination)) {
    const { contentsOnly, name } = from.typed;
    await packTree(from.tree, found, contentsOnly || name === '' ? '.' : name, {
      output: destination,
      leftOut,
      onBytes,
    });
    return { leftOut };
  }
  await using to = await End.open(destination, find);
  await copyBetween(from, found, to, { archive, leftOut, onBytes });
  return { leftOut };
}

function isStream<T extends Readable | Writable>(end: string | ContainerPath | T): end is T {
  return typeof end === 'object' && !('container' in end);
}

interface Manner {
  readonly archive: boolean;
  readonly leftOut: LeftOut[];
  readonly onBytes: CopyOptions['onBytes'];
}

async function unpackInto(to: End, manner: Manner & { readonly input: Readable }): Promise<void> {
  const { path, entry } = await to.findTarget();
  if (entry === undefined)
    throw to.failure('unpack to', 'ENOENT', 'an archive is unpacked into a directory that is there');
  if (entry.kind !== 'directory') throw to.failure('unpack to', 'ENOTDIR');
  await unpackTree(to.tree, path, manner);
}

async function copyBetween(from: End, found: Found, to: End, { archive, leftOut, onBytes }: Manner): Promise<void> {
  const target = await to.findTarget();
  const { name, slash } = parseTypedPath(target.path, (text) => text);
  const destination = selectDestination({
    source: { kind: found.entry.kind, name: from.typed.name, contentsOnly: from.typed.contentsOnly },
    target: {
      name,
      slash: slash || to.typed.slash || to.typed.contentsOnly,
      ...(target.entry === undefined ? {} : { kind: target.entry.kind }),
    },
  });
  if (destination.to === 'nowhere') throw to.failure('copy to', destination.errno, destination.hint);
  const beside = destination.to === 'beside';
  const top = await to.openDirectory(beside ? parseTypedPath(target.path, (text) => text).parent : target.path);
  const copier = new Copier({ from: from.tree, to: to.tree, archive, leftOut, onBytes }, top);
  if (destination.to !== 'contents') {
    await copier.copy(found, destination.name);
    return;
  }
  const contents = await from.openDirectory(from.typed.path);
  await copier.copyContents(contents, target.entry?.identity ?? '');
}
