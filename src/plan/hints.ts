import type { Step, StepName } from './steps.js';

type Hint = readonly [errno: string, hint: string];

const NO_TERMINAL: readonly Hint[] = [
  ['ENOENT', 'a terminal needs a /dev/pts, and on the host a /dev/ptmx'],
  ['ENODEV', 'a terminal needs a devpts file system on /dev/pts, and something else is mounted there'],
  ['EACCES', 'a terminal needs a /dev/pts of the container’s own: in one of the host’s, devices are switched off'],
  ['ENOSPC', 'there are too many terminals: see /proc/sys/kernel/pty/max'],
];

/** What a failure of a step usually means, and the way out. */
const HINTS: Partial<Readonly<Record<StepName, readonly Hint[]>>> = {
  unshare: [['ENOSPC', 'too many namespaces: see /proc/sys/user/max_cgroup_namespaces']],
  'open-tree': [
    ['ENOENT', 'the path must exist on the host'],
    ['EINVAL', 'mounts below it are locked together in a user namespace: only the whole tree can be taken'],
  ],
  mount: [
    ['ENODEV', 'the kernel does not know this file system: is its module loaded?'],
    ['ENOSPC', 'too many mounts: see /proc/sys/fs/mount-max'],
  ],
  'attach-mount': [
    ['EROFS', 'the mount point is missing and the root filesystem is read-only'],
    ['ENOTDIR', 'a directory goes on a directory, a file on a file'],
    ['ELOOP', 'the mount point is a symbolic link that leads nowhere'],
  ],
  'make-mount': [
    ['ENODEV', 'the kernel does not know this file system: is its module loaded?'],
    ['EINVAL', 'the file system does not take one of these options: the kernel log may say which'],
    [
      'EPERM',
      'in a user namespace the kernel mounts few file systems, and a proc or sysfs only beside one that nothing covers',
    ],
  ],
  'change-mount': [['EPERM', 'an attribute that came locked from outside the user namespace cannot be taken back']],
  'place-mount': [
    [
      'EACCES',
      'only a procfs goes on /proc, and little inside; or the container’s root user may not get there, or make the mount point',
    ],
    ['ELOOP', 'a proc or sysfs goes on a directory, never on a symbolic link'],
    ['EROFS', 'the mount point is missing and the root filesystem is read-only'],
    ['ENOTDIR', 'a directory goes on a directory, a file on a file'],
  ],
  'make-device': [
    ['EEXIST', 'the root filesystem has another file there'],
    ['ENODEV', 'the host has another device of that name'],
    ['EPERM', 'making a device node takes CAP_MKNOD, and a cgroup that allows it'],
  ],
  'change-directory': [
    ['ENOENT', 'the working directory does not exist in the container'],
    ['EACCES', 'the container’s user may not enter the working directory'],
    ['ENOTDIR', 'the working directory is a file'],
  ],
  'join-namespaces': [
    ['EPERM', 'joining a namespace needs CAP_SYS_ADMIN in the user namespace that owns it'],
    ['EINVAL', 'the user namespace is the runtime’s own already, or the namespace cannot be joined from here'],
  ],
  'enter-time-namespace': [
    ['EINVAL', 'time namespaces need Linux 5.6'],
    ['ERANGE', 'the offset makes a clock negative, or too large'],
    ['EACCES', 'setting the offsets needs CAP_SYS_TIME in the user namespace of the container'],
    ['EPERM', 'setting the offsets needs CAP_SYS_TIME in the user namespace of the container'],
  ],
  'set-working-directory': [
    ['ENOENT', 'the working directory does not exist in the container'],
    ['EACCES', 'the container’s user may not enter the working directory'],
    ['ENOTDIR', 'the working directory is a file'],
    ['EXDEV', 'the working directory is outside the container’s root: it may be an attempt to break out'],
  ],
  'set-scheduler': [
    ['EPERM', 'this policy needs CAP_SYS_NICE on the host'],
    ['EBUSY', 'the kernel has no bandwidth left for SCHED_DEADLINE'],
    ['EINVAL', 'the kernel does not know this policy, or its parameters are out of range'],
  ],
  'set-io-priority': [['EPERM', 'the real-time class needs CAP_SYS_ADMIN or CAP_SYS_NICE on the host']],
  'set-memory-policy': [
    ['ENOSYS', 'the kernel has no NUMA memory policies'],
    ['EINVAL', 'there is no such NUMA node, or the mode and its nodes do not go together'],
  ],
  'set-security-label': [
    ['ENOENT', 'there is no such AppArmor profile, or the container has no real /proc'],
    ['EACCES', 'the security module does not allow this label'],
    ['EINVAL', 'the security module does not know this label'],
  ],
  'join-session-keyring': [
    ['EDQUOT', 'this user has too many keys: see /proc/sys/kernel/keys/maxkeys, or use --no-new-keyring'],
  ],
  'place-descriptor': [['EBADF', 'fewer descriptors were handed to the runtime than it was told to pass on']],
  'set-cpu-affinity': [['EINVAL', 'none of these CPUs is among those of the container’s cgroup']],
  'keep-children': [
    ['ENOENT', 'it takes a /proc of this pid namespace, and a kernel that lists children there (CONFIG_PROC_CHILDREN)'],
  ],
  'stay-as-init': [['EAGAIN', 'the pids limit leaves no room for the command: beside it there is the init']],
  'set-rlimit': [['EPERM', 'raising a hard limit needs CAP_SYS_RESOURCE on the host']],
  'set-oom-score-adj': [['EACCES', 'going below the caller’s own value needs CAP_SYS_RESOURCE on the host']],
  'write-sysctl': [
    ['ENOENT', 'there is no such kernel parameter in the container’s namespaces'],
    ['EACCES', 'this parameter is the host’s, not a namespace’s'],
    ['EPERM', 'this parameter is the host’s, not a namespace’s'],
  ],
  'open-master': NO_TERMINAL,
  'open-terminal': [
    ...NO_TERMINAL,
    ['EINVAL', 'the user, who is to own the terminal, is not mapped in the container’s user namespace'],
  ],
  'set-seccomp': [
    ['EACCES', 'it takes no_new_privs (noNewPrivileges), or CAP_SYS_ADMIN in the user namespace'],
    ['EINVAL', 'this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), or does not know one of the flags'],
    ['EBUSY', 'another filter, further out, notifies already: there can be one only'],
    ['EAGAIN', 'the pids limit leaves no room for the thread that hands the notifications over'],
    ['ENOMEM', 'too many filters lie on top of each other: 32768 instructions in all'],
  ],
  'set-user': [
    ['EINVAL', 'this id is not mapped in the container’s user namespace'],
    ['EPERM', 'the container’s user namespace denies changes of groups'],
  ],
  'find-executable': [
    ['ENOENT', 'it is not in the container’s PATH'],
    ['EACCES', 'it is there, but not executable'],
  ],
  exec: [
    ['ENOENT', 'the program, or the interpreter that it names, does not exist in the container'],
    ['ENOEXEC', 'it is not a program for this machine'],
    ['E2BIG', 'the arguments and the environment are too long together'],
  ],
};

const MOUNT_HINTS: Readonly<Record<string, readonly Hint[]>> = {
  proc: [['EPERM', 'a new proc needs a pid namespace of the container’s own, and a /proc that nothing covers']],
  sysfs: [['EPERM', 'a new sysfs needs a network namespace of the container’s own, and a /sys that nothing covers']],
  overlay: [
    ['EPERM', 'overlayfs in a user namespace needs Linux 5.11'],
    ['EINVAL', 'overlayfs refuses these layers: the kernel log says why'],
  ],
  cgroup2: [['EPERM', 'a cgroup mount needs a cgroup namespace of the container’s own']],
};

/** Returns a way out for a failed step, where one is known. */
export function hintFor(step: Step, errno: string): string | undefined {
  // With a path, nothing is looked up in the PATH.
  if (step.op === 'find-executable' && errno === 'ENOENT' && step.file.includes('/'))
    return 'there is no such file in the container';
  const hints = [...(step.op === 'mount' ? (MOUNT_HINTS[step.type] ?? []) : []), ...(HINTS[step.op] ?? [])];
  return hints.find(([name]) => name === errno)?.[1];
}
