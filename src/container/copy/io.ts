import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { SyscallError } from '../../errors/syscall-error.js';
import type { Opened } from './tree.js';

const readAsync = promisify(read);
const writeAsync = promisify(write);

const CHUNK = 256 * 1024;

/** Reads a file from where it is to its end, in pieces that are the caller's until the next one. */
export async function* readChunks({ fd, path }: Opened): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await named(`read ${path}`, readAsync(fd.number, buffer, 0, CHUNK, null));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Hands pieces on, and tells of each by its length. */
export async function* countBytes(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    onBytes?.(chunk.length);
  }
}

/** Writes all of the bytes where the file is. */
export async function writeAll({ fd, path }: Opened, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const result = await named(`write ${path}`, writeAsync(fd.number, bytes, written, bytes.length - written, null));
    written += result.bytesWritten;
  }
}

async function named<T>(action: string, doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    throw new SyscallError({ action, syscall: action.startsWith('read') ? 'read' : 'write', errno: -error.errno });
  }
}
