import type { Capabilities } from './types.js';
import type { Seccomp, SeccompRule } from './seccomp.js';

/**
 * What every container may call, by topic. What is missing is refused with EPERM, as users of other engines know it: what
 * changes the machine (clocks, swap, modules, another kernel), what looks into other processes' memory from outside, keys of the
 * kernel's, and interfaces with a long list of holes (io_uring, bpf, userfaultfd, perf).
 */
const ALLOWED = `
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek
open openat openat2 creat close close_range dup dup2 dup3 pipe pipe2 fcntl fcntl64 flock ioctl
stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 statmount listmount
access faccessat faccessat2 readlink readlinkat readdir getdents getdents64 getcwd chdir fchdir chroot umask
mkdir mkdirat mknod mknodat rmdir link linkat symlink symlinkat unlink unlinkat rename renameat renameat2
chmod fchmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchown fchown32 fchownat
truncate truncate64 ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64 readahead cachestat
sync syncfs fsync fdatasync sync_file_range sync_file_range2 arm_sync_file_range
sendfile sendfile64 copy_file_range splice tee vmsplice
utime utimes futimesat utimensat utimensat_time64 name_to_handle_at
getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr flistxattr listxattrat
removexattr lremovexattr fremovexattr removexattrat file_getattr file_setattr
inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark
io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64
landlock_create_ruleset landlock_add_rule landlock_restrict_self

select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2
eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64

brk mmap mmap2 munmap mremap mprotect madvise mincore msync mseal map_shadow_stack remap_file_pages
mlock mlock2 munlock mlockall munlockall membarrier memfd_create memfd_secret pkey_alloc pkey_free pkey_mprotect

fork vfork execve execveat exit exit_group wait4 waitid waitpid set_tid_address restart_syscall
getpid getppid gettid getpgid getpgrp setpgid getsid setsid
set_robust_list get_robust_list futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue rseq rseq_slice_yield
uretprobe uprobe arch_prctl modify_ldt set_thread_area get_thread_area prctl seccomp lsm_get_self_attr lsm_set_self_attr lsm_list_modules
breakpoint cacheflush set_tls get_tls
pidfd_open pidfd_send_signal process_mrelease ptrace process_vm_readv process_vm_writev
kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pause alarm sigaltstack sigaction signal sigprocmask sigpending
sigsuspend sigreturn rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn rt_sigtimedwait
rt_sigtimedwait_time64

getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32
setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32
setfsuid setfsuid32 setfsgid setfsgid32 getgroups getgroups32 setgroups setgroups32 capget capset

getrlimit ugetrlimit setrlimit prlimit64 getrusage times sysinfo uname olduname oldolduname getcpu getrandom
getpriority setpriority nice ioprio_get ioprio_set
sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
sched_getscheduler sched_setscheduler sched_get_priority_min sched_get_priority_max sched_rr_get_interval
sched_rr_get_interval_time64

time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64
nanosleep getitimer setitimer adjtimex clock_adjtime clock_adjtime64
timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64

socketcall socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt
send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64

ipc msgget msgsnd msgrcv msgctl semget semop semctl semtimedop semtimedop_time64 shmget shmat shmdt shmctl
mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64
`;

/** What comes with a capability: it means little without these. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYSLOG: 'syslog',
  CAP_SYS_ADMIN: `
    clone clone3 unshare setns mount umount umount2 pivot_root fsopen fsconfig fsmount fspick move_mount open_tree
    open_tree_attr mount_setattr listns sethostname setdomainname`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_MODULE: 'init_module finit_module delete_module',
  CAP_SYS_NICE: 'get_mempolicy set_mempolicy set_mempolicy_home_node mbind',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
};

/** What CAP_SYS_ADMIN is besides: over the host, so that a container that only holds others has no use for it. */
const ADMINISTRATION = 'bpf perf_event_open fanotify_init quotactl quotactl_fd syslog';

/** What a runtime inside needs besides: keyrings of sessions, descriptors of what it supervises, policies of a spec's. */
const NESTED = 'keyctl add_key request_key pidfd_getfd set_mempolicy get_mempolicy';

/** Capabilities that change what a container may call. */
export const SECCOMP_CAPABILITIES: readonly string[] = Object.keys(BY_CAPABILITY);

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NEW_NAMESPACES = 0x7e02_0000;

/** PER_LINUX, PER_LINUX32, both with UNAME26, and the question what it is. */
const PERSONALITIES = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** What is below AF_VSOCK, which reaches the hypervisor, and what is above: named one by one, since the kernel reads 32 bits. */
const BELOW_VSOCK = 39;
const ABOVE_VSOCK = [41, 42, 43, 44, 45];

/**
 * Returns the profile of a container that was started without one.
 *
 * @param nest - it may hold containers of its own
 */
export function defaultSeccomp({ bounding }: Pick<Capabilities, 'bounding'>, nest: boolean): Seccomp {
  const has = (capability: string): boolean => bounding.includes(capability);
  const admin = has('CAP_SYS_ADMIN');
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32', 'SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
    syscalls: [
      allow(ALLOWED),
      ...Object.entries(BY_CAPABILITY).flatMap(([name, calls]) => (has(name) ? [allow(calls)] : [])),
      ...(admin && !nest ? [allow(ADMINISTRATION)] : []),
      ...(nest ? [allow(NESTED)] : []),
      ...(admin ? [] : cloneWithoutNamespaces()),
      ...PERSONALITIES.map((value) => allow('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
      allow('socket', { index: 0, value: BELOW_VSOCK, op: 'SCMP_CMP_LE' }),
      ...ABOVE_VSOCK.map((value) => allow('socket', { index: 0, value, op: 'SCMP_CMP_EQ' })),
    ],
  };
}

function allow(names: string, ...args: NonNullable<SeccompRule['args']>): SeccompRule {
  return { names: names.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW', ...(args.length === 0 ? {} : { args }) };
}

// The flags of clone3 are in memory, where no filter sees them: without it, glibc uses clone.
function cloneWithoutNamespaces(): readonly SeccompRule[] {
  return [
    allow('clone', { index: 0, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ];
}

const ENOSYS = 38;
