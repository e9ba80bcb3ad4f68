import { readFileSync, readlinkSync } from 'node:fs';
import { isContainerError } from '../../errors/container-error.js';
import { RefusedError } from '../../errors/refused-error.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { Fd } from '../../native/fd.js';
import { parseProcessStatus, type ProcessStatus } from './status.js';

/**
 * A process that is held by a pidfd, so that what /proc says of its pid is said of it: a look counts only where the process was
 * alive after it. A pid passes to another process only after that.
 */
export class HeldProcess implements Disposable {
  readonly #pidfd: Fd;
  /** In this process's pid namespace. */
  readonly pid: number;

  private constructor(pidfd: Fd, pid: number) {
    this.#pidfd = pidfd;
    this.pid = pid;
  }

  /**
   * Takes over a pidfd, of whatever process.
   *
   * @throws RefusedError ESRCH where it has ended, EPERM where this pid namespace does not show it
   */
  static adopt(fd: number): HeldProcess {
    const pidfd = new Fd(fd);
    try {
      const pid = readPid(fd);
      if (pid < 0) throw gone();
      if (pid === 0)
        throw new RefusedError('identify process', 'EPERM', {
          hint: 'it is in a pid namespace that the supervisor does not see',
        });
      return new HeldProcess(pidfd, pid);
    } catch (error) {
      pidfd.close();
      throw error;
    }
  }

  /**
   * Holds the process that has a pid now.
   *
   * @throws RefusedError ESRCH where there is none
   */
  static open(pid: number): HeldProcess {
    try {
      return HeldProcess.adopt(call(`open pidfd of ${String(pid)}`, () => addon.pidfdOpen({ pid, flags: 0 })));
    } catch (error) {
      // EINVAL: the pid is that of a thread.
      if (isContainerError(error) && ['ESRCH', 'EINVAL', 'ENOENT'].includes(error.code)) throw gone(error);
      throw error;
    }
  }

  /** Tells whether it still runs; a zombie does not. */
  isAlive(): boolean {
    return this.#pidfd.isOpen && !addon.isReady({ fd: this.#pidfd.number, events: 'readable' });
  }

  /**
   * Looks at it under /proc.
   *
   * @param look - gets its directory: `/proc/42`
   * @returns what `look` returns, which is about this process
   * @throws RefusedError ESRCH where it has ended, whatever `look` has found
   */
  look<T>(look: (directory: string) => T): T {
    try {
      const found = look(`/proc/${String(this.pid)}`);
      if (this.isAlive()) return found;
    } catch (error) {
      if (this.isAlive()) throw error;
    }
    throw gone();
  }

  /** Returns its ids and pids. @throws RefusedError ESRCH */
  status(): ProcessStatus {
    return this.look((directory) => parseProcessStatus(readFileSync(`${directory}/status`, 'utf8')));
  }

  /** Returns what names one of its namespaces: `pid:[4026531836]`; `undefined` where this process may not look. */
  namespace(type: 'pid' | 'user' | 'cgroup'): string | undefined {
    return this.look((directory) => {
      try {
        return readlinkSync(`${directory}/ns/${type}`);
      } catch (error) {
        if (error instanceof Error && 'code' in error && CLOSED.includes(String(error.code))) return undefined;
        throw error;
      }
    });
  }

  /**
   * Returns the kernel's number of its cgroup, which is its directory's inode number; `undefined` on kernels before 6.13, which do
   * not tell.
   *
   * @throws RefusedError ESRCH where it has ended
   * @see ioctl_pidfd(2), PIDFD_GET_INFO
   */
  cgroupId(): string | undefined {
    try {
      const { cgroupId } = call('read cgroup of process', () => addon.pidfdGetInfo({ pidfd: this.#pidfd.number }));
      if (this.isAlive()) return String(cgroupId);
    } catch (error) {
      if (isContainerError(error) && error.code === 'ENOTTY') return undefined;
      if (!isContainerError(error) || error.code !== 'ESRCH') throw error;
    }
    throw gone();
  }

  close(): void {
    this.#pidfd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

// ENOENT: its first thread has ended, and others have not.
const CLOSED: readonly string[] = ['EACCES', 'EPERM', 'ENOENT'];

// -1 of one that has ended, 0 of one that this pid namespace does not show. See pidfd_open(2), proc_pid_fdinfo(5).
function readPid(pidfd: number): number {
  const [, pid] = /^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${String(pidfd)}`, 'utf8')) ?? [];
  return Number(pid ?? -1);
}

function gone(cause?: unknown): RefusedError {
  return new RefusedError('identify process', 'ESRCH', { hint: 'it has ended', cause });
}
