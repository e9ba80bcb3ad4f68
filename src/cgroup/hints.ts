/** A failure on a cgroup, as far as a hint depends on it. */
export interface CgroupFailure {
  /** The interface file; absent for the directory itself. */
  readonly file?: string;
  /** `EBUSY` */
  readonly errno: string;
  readonly cgroup: string;
}

/** Returns the way out of a failure, or `undefined` where none is known. */
export function selectHint(failure: CgroupFailure): string | undefined {
  return HINTS.find(({ errno, file }) => errno === failure.errno && isSame(file, failure.file))?.text(failure);
}

const isSame = (file: RegExp | null | undefined, actual: string | undefined): boolean => {
  if (file === undefined) return true;
  return file === null ? actual === undefined : actual !== undefined && file.test(actual);
};

interface Hint {
  readonly errno: string;
  /** `null`: the directory itself. Absent: any. */
  readonly file?: RegExp | null;
  readonly text: (failure: CgroupFailure) => string;
}

// The first that fits counts.
const HINTS: readonly Hint[] = [
  {
    errno: 'ERANGE',
    file: /^cpuset\.(cpus|mems)$/,
    text: () => 'the host has fewer CPUs or NUMA nodes than that: see lscpu(1)',
  },
  {
    errno: 'EBUSY',
    file: /^cgroup\.subtree_control$/,
    text: ({ cgroup }) =>
      `there are processes in ${cgroup} itself, and cgroup v2 hands controllers only to the children of an empty cgroup: move them to a cgroup below it`,
  },
  {
    errno: 'ENOENT',
    file: /^cgroup\.subtree_control$/,
    text: ({ cgroup }) => `a controller is not in ${cgroup}/cgroup.controllers: the cgroup above does not hand it down`,
  },
  {
    errno: 'EBUSY',
    file: /^cgroup\.procs$/,
    text: ({ cgroup }) =>
      `${cgroup} hands controllers to its children, and can therefore hold no processes itself: use a cgroup below it`,
  },
  {
    errno: 'ENOENT',
    file: /^memory\.(memsw\.limit_in_bytes|swap\.max)$/,
    text: () =>
      'this kernel does not account swap, and the host has some: boot with swapaccount=1, turn swap off, or allow all of it (memory swap -1)',
  },
  {
    errno: 'EBUSY',
    file: /^memory\./,
    text: () => 'the container uses more than that already, and it cannot be reclaimed',
  },
  {
    errno: 'ENODEV',
    file: /^(io|blkio)\./,
    text: () => 'there is no such block device: limits go to a whole disk, not to a partition',
  },
  {
    errno: 'EACCES',
    file: /^cpuset\.|^cgroup\.procs$/,
    text: () => 'the cgroup is not delegated to this user: see "Delegation" in docs/cgroups.md',
  },
  { errno: 'ENOSPC', file: /^cgroup\.procs$|^tasks$/, text: () => 'cpuset.cpus or cpuset.mems is empty' },
  {
    errno: 'EROFS',
    text: () => 'the cgroup file system is mounted read-only: an outer container has to give a writable one',
  },
  {
    errno: 'EAGAIN',
    file: null,
    text: () => 'cgroup.max.descendants or cgroup.max.depth of a cgroup above is reached',
  },
  {
    errno: 'EACCES',
    text: () => 'run as root, or in a cgroup that is delegated to you (systemd-run --user --scope -p Delegate=yes)',
  },
  {
    errno: 'EPERM',
    text: () => 'run as root, or in a cgroup that is delegated to you (systemd-run --user --scope -p Delegate=yes)',
  },
  { errno: 'EEXIST', file: null, text: () => 'corral prune removes what a crash left behind' },
];
