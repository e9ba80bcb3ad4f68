import { SyscallError } from '../errors/syscall-error.js';

/** What the addon puts on the errors that it throws. */
export interface NativeFailure extends Error {
  readonly errno: number;
  readonly syscall: string;
}

/** Tells whether `error` comes from the addon: it then has a positive `errno` and the `syscall`. */
export function isNativeFailure(error: unknown): error is NativeFailure {
  return (
    error instanceof Error &&
    'errno' in error &&
    typeof error.errno === 'number' &&
    'syscall' in error &&
    typeof error.syscall === 'string'
  );
}

/**
 * Turns an error of the addon into a {@link SyscallError}; other values come back as they are.
 *
 * @param action - verb and object: `open pidfd of 42`
 */
export function toSyscallError(error: unknown, action: string, path?: string): unknown {
  if (!isNativeFailure(error) || error instanceof SyscallError) return error;
  return new SyscallError({ action, syscall: error.syscall, errno: error.errno, path });
}

/**
 * Runs a call of the addon, and gives its failure words.
 *
 * @param action - verb and object, for the message: `open pidfd of 42`
 * @param run - the call
 * @param path - the file that the call is about
 * @returns what the call returns
 * @throws {@link SyscallError}
 */
export function call<T>(action: string, run: () => T, path?: string): T {
  try {
    return run();
  } catch (error) {
    throw toSyscallError(error, action, path);
  }
}
