import { addon } from './addon.js';
import { call } from './call.js';

/** How somebody waits for a descriptor. */
export interface WatchOptions {
  /** Ends the wait, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** `false`: the wait does not keep the process alive. Default: `true`. */
  readonly ref?: boolean | undefined;
}

/**
 * Waits until a descriptor is ready, some time has passed, or a promise is settled, whichever comes first: for those who then
 * look for themselves. The descriptor stays the caller's and must stay open until then.
 *
 * @throws SyscallError as {@link untilReady}
 */
export function untilReadyOr(
  fd: number,
  events: 'readable' | 'writable' | 'priority',
  { timeoutMs, wake }: { readonly timeoutMs: number; readonly wake?: Promise<unknown> | undefined },
): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      handle.stop();
      clearTimeout(timer);
      resolve();
    };
    const handle = call(`wait for descriptor ${fd}`, () => addon.pollStart({ fd, events, onReady: finish, ref: true }));
    const timer = setTimeout(finish, timeoutMs);
    wake?.then(finish, finish);
  });
}

/** A watch that goes on until it is stopped. */
export interface FdWatch {
  readonly stop: () => void;
}

/**
 * Calls back each time a descriptor is ready, until the watch is stopped. The descriptor stays the caller's and must stay open
 * until then; it becomes non-blocking.
 *
 * @throws SyscallError as {@link untilReady}
 */
export function watchReady(
  fd: number,
  events: 'readable' | 'priority',
  onReady: () => void,
  { ref = true }: Pick<WatchOptions, 'ref'> = {},
): FdWatch {
  return call(`watch descriptor ${fd}`, () => addon.pollStart({ fd, events, onReady, ref }));
}

/**
 * Waits until a descriptor is ready. The descriptor stays the caller's and must stay open until then; it becomes
 * non-blocking, and one loop can wait for it only once at a time (EEXIST).
 *
 * @param fd - a socket, pipe, pidfd, or (for `priority`) a kernfs file such as `cgroup.events`, which stays ready until
 *   it is read again from its start
 * @returns once the descriptor is ready, or at its end
 * @throws SyscallError where the descriptor cannot be waited for (EPERM for regular files), see epoll_ctl(2)
 */
export function untilReady(
  fd: number,
  events: 'readable' | 'writable' | 'priority',
  options: WatchOptions = {},
): Promise<void> {
  const { signal, ref = true } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const finish = (): void => {
      handle.stop();
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      finish();
      reject(signal?.reason as Error);
    };
    const onReady = (): void => {
      finish();
      resolve();
    };
    const handle = call(`wait for descriptor ${fd}`, () => addon.pollStart({ fd, events, onReady, ref }));
    signal?.addEventListener('abort', abort, { once: true });
  });
}
