import type { ContainerErrorDetails } from '../errors/container-error.js';
import { SyscallError } from '../errors/syscall-error.js';

/**
 * Runs a call of node:fs, and gives its failure words.
 *
 * @param action - verb and object: `write /var/lib/corral/web/log.json`
 * @throws SyscallError
 */
export function fileCall<T>(action: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toFileError(error, action);
  }
}

/** Turns an error of node:fs into a SyscallError; other values come back as they are. */
export function toFileError(
  error: unknown,
  action: string,
  { hint }: Pick<ContainerErrorDetails, 'hint'> = {},
): unknown {
  if (error instanceof SyscallError || !isSystemError(error)) return error;
  const { syscall = '', errno, path } = error;
  return new SyscallError({ action, syscall, errno: -errno, path }, { hint, cause: error });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}
