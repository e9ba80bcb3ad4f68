/**
 * Numbers of the Linux ABI that only an engine's spec asks for, under the kernel's own names.
 *
 * @packageDocumentation
 */

/** sched_setattr(2) policies, in the kernel's numbering. 4 was never used. */
export const SCHED_POLICY = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

/** sched_setattr(2) flags. */
export const SCHED_FLAG = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
} as const;

/** ioprio_set(2) classes. */
export const IOPRIO_CLASS = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;

/** Where the class of an I/O priority begins. */
export const IOPRIO_CLASS_SHIFT = 13;

/** personality(2) domains, as the runtime-spec calls them. */
export const PERSONALITY = { LINUX: 0x0000, LINUX32: 0x0008 } as const;

/** set_mempolicy(2) modes. */
export const MPOL = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

/** set_mempolicy(2) flags, which travel with the mode. */
export const MPOL_F = {
  MPOL_F_STATIC_NODES: 1 << 15,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_NUMA_BALANCING: 1 << 13,
} as const;

/** keyctl(2): whom a session keyring can be found by. */
export const KEYRING_SEARCH = { byItsUser: 0x0008_0000, byOthers: 0x0000_0008 } as const;
