import { closeSync } from 'node:fs';
import { isContainerError } from '../errors/container-error.js';
import { addon, type WaitResult } from './addon.js';
import { call } from './call.js';
import { Fd } from './fd.js';
import { untilReady, type WatchOptions } from './fd-watch.js';

/** A process, by a descriptor that never comes to mean another one. See pidfd_open(2). */
export class Pidfd implements Disposable {
  #fd: number;
  #result: WaitResult | undefined;
  #waiting: Promise<WaitResult> | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens the process of a pid. Compare its start time afterwards: the pid may have been taken over before the call.
   *
   * @throws SyscallError ESRCH where there is no such process
   */
  static open(pid: number): Pidfd {
    return new Pidfd(call(`open pidfd of ${pid}`, () => addon.pidfdOpen({ pid, flags: 0 })));
  }

  /** Takes a pidfd over: it now belongs to the object. */
  static adopt(fd: number): Pidfd {
    return new Pidfd(fd);
  }

  /** The descriptor; it still belongs to this object. -1 after {@link Pidfd.close}. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Sends a signal. 0 sends none and only checks.
   *
   * @param signal - a number, as in `os.constants.signals`
   * @throws SyscallError ESRCH where the process has been reaped, EPERM where it may not be signalled; see
   *   pidfd_send_signal(2)
   */
  signal(signal: number): void {
    call(`send signal ${signal}`, () => addon.pidfdSendSignal({ pidfd: this.#fd, signal }));
  }

  /**
   * Copies a descriptor of the process.
   *
   * @param fd - its number there
   * @returns the copy, which belongs to the caller
   * @throws SyscallError EBADF where the process has no such descriptor, EPERM where the caller may not trace it, ENOSYS before
   *   Linux 5.6, ESRCH where it has ended; see pidfd_getfd(2)
   */
  takeFd(fd: number): Fd {
    return new Fd(call(`take descriptor ${fd} of the process over`, () => addon.pidfdGetfd({ pidfd: this.#fd, fd })));
  }

  /** Tells whether the process, any process, has ended. */
  get hasEnded(): boolean {
    return addon.isReady({ fd: this.#fd, events: 'readable' });
  }

  /** How the process ended, where it is a child of this one and has; reaps it. `undefined` while it runs. */
  poll(): WaitResult | undefined {
    if (this.#result !== undefined) return this.#result;
    const result = call('wait for process', () => addon.waitPidfd({ pidfd: this.#fd }));
    if (result !== null) this.#result = result;
    return this.#result;
  }

  /**
   * Waits for the end of a child, and reaps it. Needs no thread and no SIGCHLD; any number of callers may wait.
   *
   * @throws SyscallError ECHILD where the process is not a child of this one; see {@link Pidfd.untilExit}
   */
  wait(): Promise<WaitResult> {
    this.#waiting ??= this.#waitOnce();
    return this.#waiting;
  }

  /** Waits until the process, any process, has ended; does not reap it. Not while {@link Pidfd.wait} waits. */
  async untilExit(options: WatchOptions = {}): Promise<void> {
    await untilReady(this.#fd, 'readable', options);
  }

  /**
   * How the process, any process, ended: its wait status, as wait(2) gives it, once its parent has taken note of its end.
   * `undefined` before that, and on kernels before 6.15, which tell only the parent.
   *
   * @see ioctl_pidfd(2), PIDFD_INFO_EXIT
   */
  readWaitStatus(): number | undefined {
    try {
      return call('read exit of process', () => addon.pidfdGetInfo({ pidfd: this.#fd })).waitStatus ?? undefined;
    } catch (error) {
      if (isContainerError(error) && (error.code === 'ENOTTY' || error.code === 'ESRCH')) return undefined;
      throw error;
    }
  }

  /** Closes the descriptor. Nothing may wait for it any more. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #waitOnce(): Promise<WaitResult> {
    for (;;) {
      const result = this.poll();
      if (result !== undefined) return result;
      await untilReady(this.#fd, 'readable');
    }
  }
}
