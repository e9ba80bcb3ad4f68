import { existsSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { BackwardCount } from './backward.js';
import { Changes } from './changes.js';
import { openIfThere } from './missing.js';
import { RAW } from './names.js';
import type { Reading } from './reading.js';
import type { LogLine } from './types.js';

const CHUNK_BYTES = 64 * 1024;

/** Reads a raw log. @throws the error of node:fs */
export async function* readRawLog(directory: string, reading: Reading): AsyncGenerator<LogLine> {
  const { tail, follow } = reading.query;
  using changes = follow === true ? new Changes(directory, reading) : undefined;
  // Of what comes from now on nothing is missed, whenever the file is opened.
  const end = tail === 0 ? (statSync(join(directory, RAW), { throwIfNoEntry: false })?.size ?? 0) : undefined;
  let handle = await openIfThere(join(directory, RAW));
  try {
    let offset = end ?? (handle === undefined || tail === undefined ? 0 : await findStart(handle, tail));
    for (;;) {
      // Asked before reading: what was written until then is read.
      const isLast = reading.isLast();
      handle ??= await openIfThere(join(directory, RAW));
      if (handle !== undefined) offset = yield* readOn(handle, offset, reading);
      if (isLast || !existsSync(directory)) return;
      await changes?.next();
    }
  } finally {
    await handle?.close();
  }
}

/** Reads from an offset on. @returns where the end is */
async function* readOn(handle: FileHandle, start: number, { query }: Reading): AsyncGenerator<LogLine, number> {
  // The container may have emptied it: `echo > /dev/stdout` does.
  let offset = (await handle.stat()).size < start ? 0 : start;
  for (;;) {
    const data = await readChunk(handle, offset);
    if (data.length === 0 || query.signal?.aborted === true) return offset;
    offset += data.length;
    yield { data };
  }
}

async function readChunk(handle: FileHandle, offset: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
  return chunk.subarray(0, bytesRead);
}

/** Finds where the last lines begin. */
async function findStart(handle: FileHandle, lines: number): Promise<number> {
  const count = new BackwardCount((await handle.stat()).size, lines);
  for (let wanted = count.wanted; wanted !== undefined; wanted = count.wanted) {
    const chunk = Buffer.allocUnsafe(wanted.length);
    const { bytesRead } = await handle.read(chunk, 0, wanted.length, wanted.offset);
    // It was emptied meanwhile.
    if (bytesRead < wanted.length) return 0;
    count.feed(chunk);
  }
  return count.start;
}
