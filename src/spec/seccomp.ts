import type { Uint64 } from './resources.js';

/** Which system calls a container may make. @see runtime-spec 1.3.0, config-linux.md "Seccomp" */
export interface Seccomp {
  /** `SCMP_ACT_ERRNO` and so on. */
  readonly defaultAction: string;
  /** Of `defaultAction`, where that is SCMP_ACT_ERRNO or SCMP_ACT_TRACE. @default EPERM */
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64` and so on; absent: the host's own. */
  readonly architectures?: readonly string[];
  /** `SECCOMP_FILTER_FLAG_LOG` and so on. */
  readonly flags?: readonly string[];
  /** A listening Unix socket that gets the descriptor of the notifications. */
  readonly listenerPath?: string;
  /** Passed on to whoever listens there. */
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SeccompRule[];
}

/** What is done about some system calls. */
export interface SeccompRule {
  /** Names that no architecture knows are left out. */
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  /** All must hold. */
  readonly args?: readonly SeccompArgument[];
}

/** A comparison of one argument of a system call. */
export interface SeccompArgument {
  /** 0–5. */
  readonly index: number;
  readonly value: Uint64;
  /** What the masked argument is compared with, for SCMP_CMP_MASKED_EQ. */
  readonly valueTwo?: Uint64;
  /** `SCMP_CMP_EQ` and so on. */
  readonly op: string;
}
