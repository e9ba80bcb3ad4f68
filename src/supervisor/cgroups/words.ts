import type { Failure } from '../../cgroup/files.js';
import { selectHint } from '../../cgroup/hints.js';
import { CgroupError } from '../../errors/cgroup-error.js';
import { ContainerError } from '../../errors/container-error.js';
import { errnoName } from '../../util/errno.js';

/** What is being done, to which cgroup, in the caller's words. */
export interface Act {
  /** `make cgroup "web/worker"` */
  readonly action: string;
  /** `web/worker`: the only name of a cgroup that an error shows. */
  readonly cgroup: string;
  readonly file?: string;
  readonly value?: string;
}

/**
 * Runs something on the kernel, and gives its failure words that the caller may read: no path of the host, no name of a cgroup that
 * is not the caller's.
 *
 * @throws CgroupError in place of what carries an errno; ContainerError of other kinds as they are
 */
export function inWords<T>(act: Act, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw putIntoWords(act, error);
  }
}

/** The same for what takes its time. */
export async function inWordsAsync<T>(act: Act, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw putIntoWords(act, error);
  }
}

function putIntoWords(act: Act, error: unknown): unknown {
  const failure = readFailure(error);
  return failure === undefined ? error : describeFailure(act, failure);
}

/** Returns the error for a call that has failed, in the caller's words. */
export function describeFailure({ action, cgroup, file, value }: Act, { errno, syscall }: Failure): CgroupError {
  const hint = selectHint({ errno: errnoName(errno), cgroup, ...(file !== undefined && { file }) });
  return new CgroupError(
    { action, syscall, errno, cgroup, ...(file !== undefined && { file }), ...(value !== undefined && { value }) },
    { hint },
  );
}

function readFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return undefined;
  // What corral refuses by itself has its words already.
  if (error instanceof ContainerError && !('syscall' in error)) return undefined;
  return {
    errno: Math.abs(error.errno),
    syscall: 'syscall' in error && typeof error.syscall === 'string' ? error.syscall : 'open',
  };
}
