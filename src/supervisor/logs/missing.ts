import { type FileHandle, open } from 'node:fs/promises';
import { isMissingFile } from '../../util/missing.js';
import { toFileError } from '../file-call.js';

/** Waits for a file operation. @returns `undefined` where there is no such file */
export async function unlessMissing<T>(doing: Promise<T>): Promise<T | undefined> {
  try {
    return await doing;
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** Opens a file for reading. @returns `undefined` when it is not there @throws SyscallError */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await unlessMissing(open(path, 'r'));
  } catch (error) {
    throw toFileError(error, `open ${path}`);
  }
}
