import type { TerminalSize } from '../spec/options.js';
import { loadNativePart } from './load.js';
import { listNativeDirectories } from './locate.js';

/**
 * What the C++ addon exports. It offers kernel primitives and holds no policy: this side validates, C++ assumes.
 *
 * Every call takes one object. A failed call throws an `Error` that carries `syscall` (the name of the call) and `errno`
 * (positive); {@link ../native/call.ts} turns that into a `SyscallError`. Every descriptor that a call returns is
 * close-on-exec and belongs to the caller.
 */
export interface NativeAddon {
  /** clone3(2) and exec, on a worker thread. See `native/addon/clone.cc`. */
  clone3(options: Clone3Options): Promise<Clone3Result>;
  /** unshare(2) on the calling thread. */
  unshare(options: { readonly flags: number }): void;
  /** setns(2) on the calling thread. */
  setns(options: { readonly fd: number; readonly flags: number }): void;
  /** prctl(PR_SET_CHILD_SUBREAPER). */
  setChildSubreaper(options: { readonly enabled: boolean }): void;
  /** ioctl(NS_GET_NSTYPE): the CLONE_NEW flag of the namespace behind a descriptor; 0 for what is none. */
  namespaceType(options: { readonly fd: number }): number;
  /** prlimit(2) on another process: its hard limit becomes at least `hard`, decimal digits; the soft one stays. */
  raiseHardLimit(options: { readonly pid: number; readonly resource: number; readonly hard: string }): void;

  /** pidfd_open(2). */
  pidfdOpen(options: { readonly pid: number; readonly flags: number }): number;
  /** pidfd_send_signal(2). */
  pidfdSendSignal(options: { readonly pidfd: number; readonly signal: number }): void;
  /** pidfd_getfd(2), Linux 5.6: a copy of a descriptor of another process, which the caller must be allowed to trace. */
  pidfdGetfd(options: { readonly pidfd: number; readonly fd: number }): number;
  /** ioctl(PIDFD_GET_INFO), Linux 6.13; throws ENOTTY before. Of a process that was reaped: ESRCH before 6.15. */
  pidfdGetInfo(options: { readonly pidfd: number }): PidfdInfo;
  /** waitid(P_PIDFD, WEXITED | WNOHANG); `null` while the process runs. */
  waitPidfd(options: { readonly pidfd: number }): WaitResult | null;

  /** Starts a poll of `fd` in this thread's event loop. */
  pollStart(options: {
    readonly fd: number;
    /** `priority` is POLLPRI: kernfs files such as `cgroup.events` raise it when they change. */
    readonly events: 'readable' | 'writable' | 'priority';
    /** Called each time the descriptor is ready, until {@link PollHandle.stop}. */
    readonly onReady: () => void;
    /** `false`: the poll does not keep the event loop alive. */
    readonly ref: boolean;
  }): PollHandle;

  /** poll(2) without waiting; `priority` is POLLPRI: /proc/self/mountinfo raises it once after each change. */
  isReady(options: { readonly fd: number; readonly events: 'readable' | 'priority' }): boolean;

  /** eventfd(2), not blocking. */
  eventFd(): number;

  /** socketpair(AF_UNIX, SOCK_SEQPACKET). */
  socketpair(): [number, number];
  /** sendmsg(2) with SCM_RIGHTS; waits until the peer has room. EPIPE, never SIGPIPE. */
  sendMessage(options: { readonly fd: number; readonly data: Uint8Array; readonly fds: readonly number[] }): void;
  /** recvmsg(2), not waiting: `null` when nothing is there, empty `data` at end of file. */
  receiveMessage(options: { readonly fd: number; readonly maxBytes: number }): ReceivedMessage | null;

  /** getsockopt(SO_PEERCRED): who connected, as unix(7) has it; its pid is 0 where the caller's pid namespace does not show it. */
  peerCredentials(options: { readonly fd: number }): PeerCredentials;
  /**
   * getsockopt(SO_PEERPIDFD): a pidfd of the process that connected; `null` before Linux 6.5. Of one that was reaped, EINVAL or
   * ESRCH, by kernel.
   */
  peerPidfd(options: { readonly fd: number }): number | null;
  /**
   * openat2(2) of a directory, for reading, with RESOLVE_BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV: EXDEV or ELOOP where the
   * path leads elsewhere.
   */
  openBeneath(options: { readonly directoryFd: number; readonly path: string }): number;
  /** ioctl(NS_GET_PARENT) of a pid or user namespace; `null` where that is not the caller's to see. */
  namespaceParent(options: { readonly fd: number }): number | null;

  /** connect(2) of an AF_UNIX stream socket, not waiting and from then on non-blocking: EAGAIN while the queue is full. */
  connectSocket(options: { readonly path: string }): number;
  /** socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), of another network namespace unless `namespaceFd` is -1. */
  netlinkSocket(options: { readonly namespaceFd: number }): number;

  /** memfd_create(2); `executable` maps to MFD_EXEC where the kernel knows it. */
  memfdCreate(options: { readonly name: string; readonly executable: boolean }): number;
  /** fcntl(F_ADD_SEALS) with seal, shrink, grow and write. */
  sealMemfd(options: { readonly fd: number }): void;

  /** bpf(BPF_PROG_LOAD) of type BPF_PROG_TYPE_CGROUP_DEVICE. */
  loadDeviceProgram(options: { readonly instructions: Uint8Array }): number;
  /** bpf(BPF_PROG_ATTACH) with BPF_F_ALLOW_MULTI; in place of another with BPF_F_REPLACE, Linux 5.6: EINVAL before. */
  attachDeviceProgram(options: {
    readonly cgroupFd: number;
    readonly programFd: number;
    readonly replacedFd?: number;
  }): void;
  /** bpf(BPF_PROG_DETACH). */
  detachDeviceProgram(options: { readonly cgroupFd: number; readonly programFd: number }): void;
  /** bpf(BPF_PROG_QUERY): the ids of the device programs that are attached to the cgroup itself. */
  listDevicePrograms(options: { readonly cgroupFd: number }): readonly number[];
  /** bpf(BPF_PROG_GET_FD_BY_ID). */
  openProgram(options: { readonly id: number }): number;

  /** flock(2), never waiting: `false` when another process holds the lock. */
  flock(options: { readonly fd: number; readonly operation: 'shared' | 'exclusive' | 'unlock' }): boolean;
  /** mkfifo(3), for the caller alone. */
  makeFifo(options: { readonly path: string }): void;
  /** getxattr(2); `null` when there is none, or the file system has no such attributes. */
  getXattr(options: { readonly path: string; readonly name: string }): string | null;
  /** setxattr(2). */
  setXattr(options: { readonly path: string; readonly name: string; readonly value: string }): void;
  /** fallocate(2) with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE; `false` where the file system makes no holes. */
  punchHole(options: { readonly fd: number; readonly offset: number; readonly length: number }): boolean;
  /** lseek(2) with SEEK_DATA: where the next data are; `null` when there are none up to the end (ENXIO). */
  seekData(options: { readonly fd: number; readonly offset: number }): number | null;
  /**
   * splice(2) of what a pipe holds to the end of a file, under the exclusive flock(2) of the file's open description: how many bytes;
   * 0 where the pipe is empty, `null` where somebody else has the lock. It waits for neither. The file is open without O_APPEND.
   */
  movePipe(options: { readonly pipeFd: number; readonly fileFd: number; readonly maxBytes: number }): number | null;
  /** fcntl(F_SETPIPE_SZ); `false` where the caller may not have so much, pipe(7). */
  setPipeSize(options: { readonly fd: number; readonly bytes: number }): boolean;
  /**
   * readdir(3) and fstatat(2): names and modes by turns, of all but symbolic links; `null` where the directory is missing or
   * closed to the caller.
   */
  listModes(options: { readonly path: string }): readonly (string | number)[] | null;

  /** open_tree(2): a detached clone of the mount at `path`. */
  openTree(options: { readonly path: string; readonly recursive: boolean }): number;
  /** mount_setattr(2) with MOUNT_ATTR_IDMAP on a detached mount. */
  idmapMount(options: { readonly treeFd: number; readonly usernsFd: number; readonly recursive: boolean }): void;
  /** openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, for reading. */
  openInRoot(options: { readonly rootFd: number; readonly path: string }): number;
  /** pipe2(O_CLOEXEC): [read end, write end]. */
  pipe(): [number, number];

  /** fcntl(F_DUPFD_CLOEXEC). */
  duplicateFd(options: { readonly fd: number }): number;
  /** fcntl(F_SETFL, O_NONBLOCK): for everybody who shares the open file. */
  setNonblocking(options: { readonly fd: number }): void;
  /** ioctl(TIOCGPTPEER): the other end of a pseudoterminal's master, ioctl_tty(2). */
  openTerminalPeer(options: { readonly fd: number }): number;
  /** read(2) on a non-blocking master until `bytes` is full or nothing is left: how many; `null` at the end (EIO). */
  readTerminal(options: { readonly fd: number; readonly bytes: Uint8Array }): number | null;
  /** write(2) on a non-blocking master until all is written or there is no room: how many. */
  writeTerminal(options: { readonly fd: number; readonly bytes: Uint8Array }): number;
  /** ioctl(TIOCGWINSZ). */
  getWindowSize(options: { readonly fd: number }): TerminalSize;
  /** ioctl(TIOCSWINSZ). */
  setWindowSize(options: { readonly fd: number } & TerminalSize): void;
  /** tcgetattr(3): the structure as it is. */
  getTerminalMode(options: { readonly fd: number }): Uint8Array;
  /** tcsetattr(3), at once; `raw`: changed by cfmakeraw(3) first, and a process in the background is stopped by SIGTTOU. */
  setTerminalMode(options: { readonly fd: number; readonly mode: Uint8Array; readonly raw: boolean }): void;
  /** Whether tcgetpgrp(3) names this process's group, or the terminal is not this session's at all. */
  isInForeground(options: { readonly fd: number }): boolean;
}

export interface Clone3Options {
  /** clone(2) flags, without CLONE_PIDFD, CLONE_VM, CLONE_VFORK, CLONE_INTO_CGROUP and CLONE_CLEAR_SIGHAND: always set. */
  readonly flags: number;
  /** Directory of the cgroup v2 to be born in; absent: the caller's. */
  readonly cgroupFd?: number;
  /** The executable, as a descriptor. */
  readonly executableFd: number;
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  /** Descriptors that stay open in the child, under the same numbers. */
  readonly keepFds: readonly number[];
  /** `fork` uses clone(2) without CLONE_INTO_CGROUP and CLONE_CLEAR_SIGHAND, for kernels and filters that refuse clone3. */
  readonly method: 'clone3' | 'fork';
}

export interface Clone3Result {
  readonly pid: number;
  readonly pidfd: number;
}

export interface PidfdInfo {
  /** 0 once it was reaped. */
  readonly pid: number;
  readonly cgroupId: bigint;
  /** As wait(2) gives it, once it was reaped; `null` before. Linux 6.15. */
  readonly waitStatus: number | null;
}

/** A process, as it was when it connected. */
export interface PeerCredentials {
  readonly pid: number;
  /** Effective, in the caller's user namespace. */
  readonly uid: number;
  /** Likewise. */
  readonly gid: number;
}

export interface WaitResult {
  /** The process's exit code, when it exited. */
  readonly exitCode: number | null;
  /** The signal's number, when it was killed. */
  readonly signal: number | null;
}

export interface ReceivedMessage {
  readonly data: Uint8Array;
  readonly fds: readonly number[];
}

export interface PollHandle {
  /** Ends the poll. The descriptor may be closed once this returned. */
  stop(): void;
  ref(): void;
  unref(): void;
}

const { platform, arch } = process;
const loaded = loadNativePart<NativeAddon>(listNativeDirectories({ platform, arch }), { platform, arch });

/** The loaded addon. */
export const addon = loaded.addon;

/** The directory that it was loaded from. */
export const nativeDirectory = loaded.directory;
