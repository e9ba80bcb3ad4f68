import { errnoName, errnoText } from '../util/errno.js';
import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** What a failed system call was about. */
export interface SyscallFailure {
  /** Verb and object: `mount proc on /proc`. */
  readonly action: string;
  /** Name of the system call, as in section 2 of the manual. */
  readonly syscall: string;
  /** Positive errno. */
  readonly errno: number;
  readonly path?: string | undefined;
}

/** A system call that failed. `code` is the errno's name, the other fields are named as in Node's own system errors. */
export class SyscallError extends ContainerError {
  readonly syscall: string;
  readonly errno: number;
  declare readonly path?: string;

  constructor(failure: SyscallFailure, details: ContainerErrorDetails = {}) {
    super(describeFailure(failure.action, failure.errno), errnoName(failure.errno), details);
    this.syscall = failure.syscall;
    this.errno = failure.errno;
    if (failure.path !== undefined) this.path = failure.path;
  }
}

/** Returns `action: ERRNO (text)`, the form of every message about a failed system call. */
export function describeFailure(action: string, errno: number): string {
  return `${shortenAction(action)}: ${errnoName(errno)} (${errnoText(errno)})`;
}

/** PATH_MAX, and a few words. */
const MOST = 4200;

/** Cuts off what is longer than paths are: an engine's log is no place for all that a config.json may hold. */
export function shortenAction(action: string): string {
  return action.length > MOST ? `${action.slice(0, MOST)}…` : action;
}
