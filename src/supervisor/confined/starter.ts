import { RefusedError } from '../../errors/refused-error.js';

/** What is refused when a container cannot be started inside another one. */
export const ACTION = 'start a container in that of its caller';

/** Returns the error for a container in whose namespaces nobody is left to start it. */
export function starterGone(cause?: unknown): RefusedError {
  return new RefusedError(ACTION, 'ESRCH', {
    hint: 'whoever asked for it has ended, and with it went the namespaces to start it in',
    cause,
  });
}

/** Tells whether that is why a start has failed: another try would fail as well, unless somebody inside asks anew. */
export function isStarterGone(error: unknown): boolean {
  return error instanceof RefusedError && error.code === 'ESRCH' && error.action === ACTION;
}
