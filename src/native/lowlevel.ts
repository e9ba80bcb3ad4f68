import { OptionError } from '../errors/option-error.js';
import { UnsupportedError } from '../errors/unsupported-error.js';
import { CLONE, type CloneFlag } from '../util/linux.js';
import { addon } from './addon.js';
import { call, toSyscallError } from './call.js';
import { Fd } from './fd.js';
import { Pidfd } from './pidfd.js';
import { openSync } from 'node:fs';

/** What {@link clone3} takes. */
export interface CloneOptions {
  /** The program, as an absolute path. */
  readonly file: string;
  /** Its arguments, the program's own name included. */
  readonly argv: readonly string[];
  /** `KEY=value` entries. @default none */
  readonly environment?: readonly string[];
  /** Namespaces to make: names such as `CLONE_NEWPID`. */
  readonly flags?: readonly CloneFlag[];
  /** The directory of the cgroup v2 to be born in. */
  readonly cgroup?: string;
  /** Descriptors that stay open in the program, under the same numbers. 0, 1 and 2 always do. */
  readonly keepFds?: readonly number[];
}

/**
 * clone3(2) with `CLONE_VM|CLONE_VFORK|CLONE_PIDFD|CLONE_CLEAR_SIGHAND` and exec, on a worker thread: a new process, in
 * 0.1 ms whatever the size of this one, born in its cgroup and namespaces.
 *
 * It makes processes, not containers: nothing is mounted, mapped, dropped or limited. The program starts with all signals
 * blocked (it is for programs that know; corral-init unblocks them) and, like every child, must be waited for.
 *
 * @returns the pid in this process's pid namespace, and the pidfd, which belongs to the caller
 * @throws SyscallError of clone3(2) or execveat(2)
 */
export async function clone3(options: CloneOptions): Promise<{ readonly pid: number; readonly pidfd: Pidfd }> {
  const { file, argv, environment = [], flags = [], cgroup, keepFds = [] } = options;
  using executable = new Fd(openSync(file, 'r'));
  using cgroupFd = cgroup === undefined ? undefined : new Fd(openSync(cgroup, 'r'));
  try {
    const { pid, pidfd } = await addon.clone3({
      flags: bitsOf(flags),
      executableFd: executable.number,
      argv,
      environment,
      keepFds,
      method: 'clone3',
      ...(cgroupFd === undefined ? {} : { cgroupFd: cgroupFd.number }),
    });
    return { pid, pidfd: Pidfd.adopt(pidfd) };
  } catch (error) {
    throw toSyscallError(error, `clone ${file}`, file);
  }
}

/**
 * unshare(2) on the calling thread, which is Node's main thread or a worker.
 *
 * Thread rules: namespaces belong to threads. Only this thread moves: libuv's pool, which does file and DNS work, stays where
 * it is, so asynchronous node:fs calls go on seeing the old mounts; synchronous ones see the new. A pid namespace holds only
 * children started afterwards. A user namespace cannot be unshared by a process with several threads, as Node always is:
 * start a child in one, with {@link clone3} or `spawn`.
 *
 * @throws UnsupportedError for CLONE_NEWUSER; SyscallError EPERM without CAP_SYS_ADMIN
 */
export function unshare(flags: readonly CloneFlag[]): void {
  refuseUser(flags, 'unshare');
  call(`unshare ${flags.join(', ')}`, () => {
    addon.unshare({ flags: bitsOf(flags) });
  });
}

/**
 * setns(2) on the calling thread. The thread rules of {@link unshare} hold; a mount namespace can be joined only by a thread
 * that shares its root and working directory with no other, so not by Node's (EINVAL).
 *
 * @param fd - a descriptor of /proc/PID/ns/TYPE, or a pidfd (Linux 5.8); it stays the caller's
 * @param flags - the type of the namespace; for a pidfd, which ones to join
 * @throws UnsupportedError for CLONE_NEWUSER; SyscallError EPERM without CAP_SYS_ADMIN
 */
export function setns(fd: number, flags: readonly CloneFlag[]): void {
  refuseUser(flags, 'setns');
  call(`join ${flags.join(', ')}`, () => {
    addon.setns({ fd, flags: bitsOf(flags) });
  });
}

// The kernel's own answer would be EINVAL, which says nothing.
function refuseUser(flags: readonly CloneFlag[], syscall: string): void {
  if (!flags.includes('CLONE_NEWUSER')) return;
  throw new UnsupportedError(`${syscall} with CLONE_NEWUSER`, 'a process with a single thread, which Node never is', {
    hint: 'start a child in a user namespace instead: clone3({ flags: ["CLONE_NEWUSER"], … }) or spawn()',
  });
}

function bitsOf(flags: readonly CloneFlag[]): number {
  return flags.reduce((bits, flag) => {
    if (!(flag in CLONE)) throw new OptionError('flags', flag, `one of ${Object.keys(CLONE).join(', ')}`);
    return bits | CLONE[flag];
  }, 0);
}
