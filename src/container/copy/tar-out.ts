import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Header, type Pack, pack } from 'tar-stream';
import { type Found, type LeftOut, ChangedError, reasonToLeaveOut, whileItIs } from './copier.js';
import type { CopyContext } from './copier.js';
import { countBytes, readChunks } from './io.js';
import { type Entry, type FileTree, type Opened, describePlace } from './tree.js';

/**
 * Writes a tree as a tar archive, with the owners that the tree sees.
 *
 * @param name - what it is called in the archive; `.` for the contents of a directory
 * @param leftOut - takes what an archive cannot hold
 */
export async function packTree(
  tree: FileTree,
  found: Found,
  name: string,
  { output, leftOut, onBytes }: Pick<CopyContext, 'leftOut' | 'onBytes'> & { readonly output: Writable },
): Promise<void> {
  const archive = pack();
  let failure: { readonly error: unknown } | undefined;
  // Whichever of the two fails first takes the other along, and is the one to tell of.
  const stop = (error: unknown): void => {
    failure ??= { error };
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  };
  const written = pipeline(Readable.from(countBytes(Readable.from(archive), onBytes)), output).catch(stop);
  const packed = new Packer(tree, archive, leftOut).pack(found, name).then(() => {
    archive.finalize();
  }, stop);
  await Promise.all([packed, written]);
  if (failure !== undefined) throw failure.error;
}

type NewHeader = Partial<Header> & Pick<Header, 'name'>;

class Packer {
  readonly #tree: FileTree;
  readonly #archive: Pack;
  readonly #leftOut: LeftOut[];
  /** What files with several names are called in the archive. */
  readonly #packed = new Map<string, string>();

  constructor(tree: FileTree, archive: Pack, leftOut: LeftOut[]) {
    this.#tree = tree;
    this.#archive = archive;
    this.#leftOut = leftOut;
  }

  async pack(found: Found, name: string): Promise<void> {
    const path = describePlace(this.#tree, found.place);
    const reason = reasonToLeaveOut(found.entry);
    if (reason !== undefined) {
      this.#leftOut.push({ path, ...reason });
      return;
    }
    try {
      if (found.entry.kind === 'directory') await this.#packDirectory(found, name);
      else if (found.entry.kind === 'file') await this.#packFile(found, name);
      else await this.#add({ ...headerOf(found.entry), name });
    } catch (error) {
      if (!(error instanceof ChangedError)) throw error;
      this.#leftOut.push({ path, reason: 'it changed while it was copied', missed: true });
    }
  }

  async #packDirectory({ place, entry }: Found, name: string): Promise<void> {
    using directory = await whileItIs(this.#tree.openDirectory(place));
    await this.#add({ ...headerOf(entry), name: `${name}/` });
    for (const child of await this.#tree.list(directory)) {
      await this.pack({ place: { directory, name: child.name }, entry: child }, `${name}/${child.name}`);
    }
  }

  async #packFile({ place, entry }: Found, name: string): Promise<void> {
    const linkname = this.#packed.get(entry.identity);
    if (linkname !== undefined) {
      await this.#add({ ...headerOf(entry), name, type: 'link', linkname, size: 0 });
      return;
    }
    using file = await whileItIs(this.#tree.openFile(place));
    await this.#addContent({ ...headerOf(entry), name, size: entry.size }, file);
    if (entry.links > 1) this.#packed.set(entry.identity, name);
  }

  #add(header: NewHeader): Promise<void> {
    return this.#begin(header).done;
  }

  #begin(header: NewHeader): { readonly sink: ReturnType<Pack['entry']>; readonly done: Promise<void> } {
    let settle: (error: Error | null | undefined) => void = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve());
    });
    const sink = this.#archive.entry(header, (error) => settle(error));
    // The callback has it as well.
    sink.on('error', () => undefined);
    return { sink, done };
  }

  // The header says how long it is: what has grown meanwhile is cut, what has shrunk is filled with zeros, as tar(1) does.
  async #addContent(header: NewHeader & { readonly size: number }, file: Opened): Promise<void> {
    const { sink, done } = this.#begin(header);
    let left = header.size;
    const write = async (bytes: Buffer): Promise<void> => {
      left -= bytes.length;
      if (!sink.write(bytes)) await Promise.race([once(sink, 'drain'), done]);
    };
    for await (const chunk of readChunks(file)) {
      if (left === 0) break;
      // The archive keeps it for a while, and the next one comes in the same place.
      await write(Buffer.from(chunk.subarray(0, left)));
    }
    while (left > 0) await write(Buffer.alloc(Math.min(left, ZEROS)));
    sink.end(undefined);
    await done;
  }
}

const ZEROS = 64 * 1024;

/** What fits the fields of a header; beyond, an extended one has it. */
const MAX_ID = 0o7777777;
const MAX_TIME = 2 ** 31 - 1;

function headerOf({ kind, mode, uid, gid, modified, target }: Entry): Partial<Header> {
  const pax = [
    ...Object.entries({ uid, gid }).filter(([, id]) => id > MAX_ID),
    ...Object.entries({ mtime: modified.seconds }).filter(([, time]) => time < 0 || time > MAX_TIME),
  ];
  return {
    type: kind as Header['type'],
    // With a bit that the header does not hold: tar-stream takes 0 for "not given".
    mode: mode | 0o100000,
    uid,
    gid,
    mtime: new Date(Math.min(Math.max(modified.seconds, 0), MAX_TIME) * 1000),
    ...(target === undefined ? {} : { linkname: target }),
    ...(pax.length === 0 ? {} : { pax: Object.fromEntries(pax.map(([key, value]) => [key, String(value)])) }),
  };
}
