import type { ContainerErrorDetails } from './container-error.js';
import { ContainerError } from './container-error.js';
import { SyscallError } from './syscall-error.js';

/** A file or directory of the cgroup tree that did not take what it was given. */
export class CgroupError extends SyscallError {
  /** The cgroup's directory. */
  readonly cgroup: string;
  /** The interface file: `memory.max`; absent for the directory itself. */
  declare readonly file?: string;
  /** What was written. */
  declare readonly value?: string;

  constructor(
    failure: {
      readonly action: string;
      readonly syscall: string;
      readonly errno: number;
      readonly cgroup: string;
      readonly file?: string;
      readonly value?: string;
    },
    details: ContainerErrorDetails = {},
  ) {
    super({ ...failure, path: failure.cgroup }, details);
    this.cgroup = failure.cgroup;
    if (failure.file !== undefined) this.file = failure.file;
    if (failure.value !== undefined) this.value = failure.value;
  }
}

/** A cgroup that corral refuses to kill or remove: it is not corral's own, or the caller sits in it. */
export class CgroupRefusedError extends ContainerError {
  readonly cgroup: string;
  readonly reason: string;

  constructor(action: string, cgroup: string, reason: string, details: ContainerErrorDetails = {}) {
    super(`refuse to ${action} ${cgroup}: ${reason}`, 'ERR_CGROUP_REFUSED', details);
    this.cgroup = cgroup;
    this.reason = reason;
  }
}
