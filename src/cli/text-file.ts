import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error.js';

/**
 * Reads a file that was named on the command line.
 *
 * @param path - `-` is standard input
 * @throws UsageError for what is no UTF-8 text; a system error, which names the path, for what cannot be read
 */
export function readTextFile(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`read ${nameFile(path)}: it is no UTF-8 text`);
  }
}

/** Returns how a file is called in messages. */
export function nameFile(path: string): string {
  return path === '-' ? 'standard input' : path;
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    // Of a directory only the open succeeds, and the error of the read does not say of what.
    throw error instanceof Error ? Object.assign(error, { path: nameFile(path) }) : error;
  }
}
