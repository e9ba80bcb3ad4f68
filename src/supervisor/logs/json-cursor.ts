import { type BigIntStats, statSync } from 'node:fs';
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { isMissingFile } from '../../util/missing.js';
import { BackwardLines } from './backward.js';
import { openIfThere, unlessMissing } from './missing.js';
import { jsonIndex, jsonName } from './names.js';
import { type LogRecord, parseLogLine } from './record.js';
import { listJsonFiles } from './recover.js';

const CHUNK_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** How often a file is looked for that somebody may have given a name of his own. */
const ATTEMPTS = 20;

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: bigint;
}

/**
 * A place in a JSON log, which others write and rotate meanwhile. A file is known by its inode: names last only until the next
 * rotation. It holds one descriptor.
 */
export class JsonCursor implements AsyncDisposable {
  readonly #directory: string;
  #file: OpenFile;
  #offset = 0;

  private constructor(directory: string, file: OpenFile) {
    this.#directory = directory;
    this.#file = file;
  }

  /** Opens a log at the beginning of its first or of its last file. @returns `undefined` when there is none */
  static async open(directory: string, which: 'oldest' | 'newest'): Promise<JsonCursor | undefined> {
    const files = await listFiles(directory);
    const file = await openFile(directory, files.at(which === 'newest' ? 0 : -1));
    return file === undefined ? undefined : new JsonCursor(directory, file);
  }

  /**
   * Opens a log at its end: of what is written from the call on nothing is missed, however long the opening takes.
   *
   * @returns `undefined` when there is none
   */
  static async openAtEnd(directory: string): Promise<JsonCursor | undefined> {
    const end = findEnd(directory);
    if (end === undefined) return await JsonCursor.open(directory, 'oldest');
    const cursor = await JsonCursor.open(directory, 'newest');
    if (cursor === undefined) return undefined;
    while (cursor.#file.inode !== end.ino) if (!(await cursor.toOlder())) return cursor;
    cursor.seek(Number(end.size));
    return cursor;
  }

  /** Goes to a place in this file, as {@link recordsBackward} says it. */
  seek(offset: number): void {
    this.#offset = offset;
  }

  /** Returns the length of this file. */
  async size(): Promise<number> {
    return (await this.#file.handle.stat()).size;
  }

  /** Reads from here to the end of this file; of a line whose end is not there yet, nothing. */
  async *records(): AsyncGenerator<LogRecord> {
    let length = CHUNK_BYTES;
    for (;;) {
      // Half a line may be another one at the next look: nothing of it is kept.
      const chunk = Buffer.allocUnsafe(length);
      const { bytesRead } = await this.#file.handle.read(chunk, 0, length, this.#offset);
      const end = bytesRead === 0 ? 0 : chunk.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
      if (end === 0 && bytesRead < length && !(await this.#rewindIfCut())) return;
      length = end === 0 && bytesRead === length ? length * 2 : CHUNK_BYTES;
      yield* parseLines(chunk.subarray(0, end));
      this.#offset += end;
    }
  }

  /** Reads from the end of this file to its beginning. */
  async *recordsBackward(): AsyncGenerator<{ readonly offset: number; readonly record: LogRecord }> {
    const lines = new BackwardLines(await this.size());
    for (;;) {
      const { wanted } = lines;
      if (wanted === undefined) return;
      const chunk = Buffer.allocUnsafe(wanted.length);
      const { bytesRead } = await this.#file.handle.read(chunk, 0, wanted.length, wanted.offset);
      // It was cut meanwhile: what is there is found from its beginning.
      if (bytesRead < wanted.length) return;
      for (const { offset, bytes } of lines.feed(chunk)) {
        const record = parseLogLine(bytes);
        if (record !== undefined && 'time' in record) yield { offset, record };
      }
    }
  }

  /** Tells whether this file is the one that is written now. */
  async isNewest(): Promise<boolean> {
    return (await this.#index()) === 0;
  }

  /** Goes to the beginning of the next file. @returns `false` when there is none */
  async toNewer(): Promise<boolean> {
    return await this.#move(-1);
  }

  /** Goes to the beginning of the file before. @returns `false` when there is none */
  async toOlder(): Promise<boolean> {
    return await this.#move(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.handle.close();
  }

  async #move(by: 1 | -1): Promise<boolean> {
    for (;;) {
      const index = await this.#index();
      const files = await listFiles(this.#directory);
      const next = await openFile(this.#directory, chooseNext(files, index, by));
      const isSame = (await this.#index()) === index && String(await listFiles(this.#directory)) === String(files);
      if (isSame || index === undefined) return await this.#take(next);
      // There was a rotation in between: it may be any file.
      await next?.handle.close();
    }
  }

  async #take(next: OpenFile | undefined): Promise<boolean> {
    if (next === undefined) return false;
    await this.#file.handle.close();
    this.#file = next;
    this.#offset = 0;
    return true;
  }

  /** Which file this is now; `undefined` when it has no name any more. */
  async #index(): Promise<number | undefined> {
    // A file that got another name while they were gone through was not found, and is still there.
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      for (const index of await listFiles(this.#directory)) {
        const status = await unlessMissing(stat(join(this.#directory, jsonName(index)), { bigint: true }));
        if (status?.ino === this.#file.inode) return index;
      }
      if ((await this.#file.handle.stat()).nlink === 0) return undefined;
    }
    return undefined;
  }

  /** Somebody may have emptied the file, to make room. */
  async #rewindIfCut(): Promise<boolean> {
    const isCut = (await this.size()) < this.#offset;
    if (isCut) this.#offset = 0;
    return isCut;
  }
}

/** Looks which file is written now, and how long it is. */
function findEnd(directory: string): BigIntStats | undefined {
  try {
    const [index] = listJsonFiles(directory);
    return index === undefined ? undefined : statSync(join(directory, jsonName(index)), { bigint: true });
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

function* parseLines(bytes: Buffer): Generator<LogRecord> {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start);
    const record = parseLogLine(bytes.subarray(start, end));
    if (record !== undefined && 'time' in record) yield record;
    start = end + 1;
  }
}

/** Chooses the file before or after one; `undefined` when there is none. @param files - the newest one first */
function chooseNext(files: readonly number[], index: number | undefined, by: 1 | -1): number | undefined {
  if (by > 0) return index === undefined ? undefined : files.find((each) => each > index);
  // A file that was removed before it was read to its end was the oldest one.
  return index === undefined ? files.at(-1) : files.findLast((each) => each < index);
}

/** Opens a file. @returns `undefined` when it is not there */
async function openFile(directory: string, index: number | undefined): Promise<OpenFile | undefined> {
  if (index === undefined) return undefined;
  const handle = await openIfThere(join(directory, jsonName(index)));
  return handle === undefined ? undefined : { handle, inode: (await handle.stat({ bigint: true })).ino };
}

/** Lists the files, the newest one first. */
async function listFiles(directory: string): Promise<readonly number[]> {
  const names = (await unlessMissing(readdir(directory))) ?? [];
  return names.flatMap((name) => jsonIndex(name) ?? []).sort((a, b) => a - b);
}
