import { existsSync } from 'node:fs';
import { Changes } from './changes.js';
import { JsonCursor } from './json-cursor.js';
import type { Reading } from './reading.js';
import { Selection, toLogLine } from './selection.js';
import type { LogLine, LogQuery } from './types.js';

/** Reads a JSON log. @throws the error of node:fs */
export async function* readJsonLog(directory: string, reading: Reading): AsyncGenerator<LogLine> {
  const { query } = reading;
  const isFromStart = query.tail === undefined && query.since === undefined;
  const selection = new Selection(query, { isFromStart });
  using changes = query.follow === true ? new Changes(directory, reading) : undefined;
  let cursor = isFromStart ? await JsonCursor.open(directory, 'oldest') : await findStart(directory, query);
  try {
    for (;;) {
      // Asked before reading: what was written until then is read.
      const isLast = reading.isLast();
      cursor ??= await JsonCursor.open(directory, 'oldest');
      if (cursor !== undefined && (yield* readFile(cursor, selection, reading))) continue;
      if (isLast || !existsSync(directory)) return;
      await changes?.next();
    }
  } finally {
    await cursor?.[Symbol.asyncDispose]();
  }
}

/** Reads to the end of a file. @returns whether there is a next one, at whose beginning the cursor then is */
async function* readFile(cursor: JsonCursor, selection: Selection, reading: Reading): AsyncGenerator<LogLine, boolean> {
  yield* select(cursor, selection, reading);
  if (await cursor.isNewest()) return false;
  // Between its end and its new name there may have been more.
  yield* select(cursor, selection, reading);
  return await cursor.toNewer();
}

async function* select(cursor: JsonCursor, selection: Selection, { query }: Reading): AsyncGenerator<LogLine> {
  for await (const record of cursor.records()) {
    if (query.signal?.aborted === true) return;
    if (selection.take(record)) yield toLogLine(record);
  }
}

/** Goes back from the end, to where the lines begin that are wanted. */
async function findStart(directory: string, query: LogQuery): Promise<JsonCursor | undefined> {
  if (query.tail === 0) return await JsonCursor.openAtEnd(directory);
  const cursor = await JsonCursor.open(directory, 'newest');
  if (cursor === undefined) return undefined;
  const selection = new Selection(query, { isFromStart: false });
  let missing = query.tail ?? Infinity;
  do {
    cursor.seek(await cursor.size());
    for await (const { offset, record } of cursor.recordsBackward()) {
      const weight = selection.weigh(record);
      if (weight === 'early') break;
      if (weight === 'other') continue;
      cursor.seek(offset);
      missing -= 1;
      if (missing === 0) return cursor;
    }
  } while (await cursor.toOlder());
  return cursor;
}
