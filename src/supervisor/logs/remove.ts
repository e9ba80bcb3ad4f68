import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path/posix';
import { isMissingFile } from '../../util/missing.js';
import { isLogFile } from './names.js';

/** Removes all files of a container's log, and nothing else of its directory. The log must not be open. @throws the error of node:fs */
export function removeLog(directory: string): void {
  for (const path of listLogFiles(directory)) rmSync(path, { force: true });
}

/** Returns how much of the disk a container's log takes, in bytes: of files with holes only what is there. @throws the error of node:fs */
export function logDiskUse(directory: string): number {
  const sizes = listLogFiles(directory).map((path) => lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0);
  return sizes.reduce((sum, blocks) => sum + blocks * STAT_BLOCK_BYTES, 0);
}

/** The unit of `st_blocks`, see inode(7). */
const STAT_BLOCK_BYTES = 512;

function listLogFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory).flatMap((name) => (isLogFile(name) ? [join(directory, name)] : []));
  } catch (error) {
    if (isMissingFile(error)) return [];
    throw error;
  }
}
