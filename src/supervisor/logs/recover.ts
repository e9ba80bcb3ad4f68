import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path/posix';
import { BackwardLines } from './backward.js';
import { fileCall } from '../file-call.js';
import { jsonIndex, jsonName } from './names.js';
import { readAt } from './read-at.js';
import { PositionSearch, parseLogLine } from './record.js';

/** Returns which files of a JSON log are there, the newest first, as in jsonName. @throws the error of node:fs */
export function listJsonFiles(directory: string): readonly number[] {
  const found = readdirSync(directory).flatMap((name) => jsonIndex(name) ?? []);
  return found.sort((a, b) => a - b);
}

/**
 * Finds out what is in a JSON log, and cuts off half a line at its end: whoever wrote that was killed, and its bytes are still in the
 * spool.
 *
 * @throws SyscallError
 */
export function recoverJsonLog(directory: string): PositionSearch {
  const search = new PositionSearch();
  for (const index of listJsonFiles(directory)) {
    if (searchFile(join(directory, jsonName(index)), search)) break;
  }
  return search;
}

function searchFile(path: string, search: PositionSearch): boolean {
  const fd = fileCall(`open ${path}`, () => openSync(path, 'r+'));
  try {
    const { size } = fstatSync(fd);
    const lines = new BackwardLines(size);
    const isFound = searchLines(fd, lines, search);
    if ((lines.wholeEnd ?? 0) < size) fileCall(`truncate ${path}`, () => ftruncateSync(fd, lines.wholeEnd ?? 0));
    return isFound;
  } finally {
    closeSync(fd);
  }
}

function searchLines(fd: number, lines: BackwardLines, search: PositionSearch): boolean {
  for (;;) {
    const { wanted } = lines;
    if (wanted === undefined) return false;
    for (const { bytes } of lines.feed(readAt(fd, wanted.offset, Buffer.allocUnsafe(wanted.length)))) {
      const line = parseLogLine(bytes);
      if (line !== undefined && search.take(line)) return true;
    }
  }
}
