/**
 * Numbers of the Linux ABI, under the kernel's own names.
 *
 * @packageDocumentation
 */

/** clone(2), unshare(2) and setns(2) flags. */
export const CLONE = {
  CLONE_NEWNS: 0x00020000,
  CLONE_NEWTIME: 0x00000080,
  CLONE_NEWCGROUP: 0x02000000,
  CLONE_NEWUTS: 0x04000000,
  CLONE_NEWIPC: 0x08000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
} as const;

export type CloneFlag = keyof typeof CLONE;

/** mount_setattr(2) and fsmount(2) attributes. */
export const MOUNT_ATTR = {
  MOUNT_ATTR_RDONLY: 0x01,
  MOUNT_ATTR_NOSUID: 0x02,
  MOUNT_ATTR_NODEV: 0x04,
  MOUNT_ATTR_NOEXEC: 0x08,
  MOUNT_ATTR_NOATIME: 0x10,
  MOUNT_ATTR_STRICTATIME: 0x20,
  MOUNT_ATTR_NODIRATIME: 0x80,
  MOUNT_ATTR_NOSYMFOLLOW: 0x200000,
} as const;

/** The access-time mode of a mount is one value of several bits: whoever changes it clears them all. */
export const MOUNT_ATTR__ATIME = 0x70;

/** mount(2) flags. */
export const MS = {
  MS_RDONLY: 1,
  MS_NOSUID: 2,
  MS_NODEV: 4,
  MS_NOEXEC: 8,
  MS_SYNCHRONOUS: 16,
  MS_REMOUNT: 32,
  MS_MANDLOCK: 64,
  MS_DIRSYNC: 128,
  MS_NOSYMFOLLOW: 256,
  MS_NOATIME: 1 << 10,
  MS_NODIRATIME: 1 << 11,
  MS_SILENT: 1 << 15,
  MS_RELATIME: 1 << 21,
  MS_I_VERSION: 1 << 23,
  MS_STRICTATIME: 1 << 24,
  MS_LAZYTIME: 1 << 25,
} as const;

/** Propagation types, mount(2). */
export const MS_UNBINDABLE = 1 << 17;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;
export const MS_SHARED = 1 << 20;

/** open_tree(2): the submounts too. */
export const AT_RECURSIVE = 0x8000;

/** The name that an overlay on an overlay is mounted by: overlayfs.rst, `FILESYSTEM_MAX_STACK_DEPTH` is 2. */
export const STACKED_OVERLAY = 'overlay-on-overlay';

/** File type bits of a mode, inode(7). */
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;

/** setrlimit(2) resources. */
export const RLIMIT = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
} as const;

/** The kernel's "no limit", setrlimit(2). */
export const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

/** capabilities(7), in the kernel's numbering. */
export const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** Returns the bit set of capability names, as capset(2) and /proc/PID/status have it. Unknown names are left out. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => {
    const bit = CAPABILITIES.findIndex((known) => known === name);
    return bit < 0 ? mask : mask | (1n << BigInt(bit));
  }, 0n);
}

/** Flags of a filter. @see seccomp(2) */
export const SECCOMP_FLAG = { LOG: 0x02, SPEC_ALLOW: 0x04, NEW_LISTENER: 0x08, WAIT_KILLABLE_RECV: 0x20 } as const;

/** open(2); Node has no name for it. */
export const O_PATH = 0o10000000;
