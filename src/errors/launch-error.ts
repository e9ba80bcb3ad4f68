import { ContainerError, type ContainerErrorDetails } from './container-error.js';
import { SyscallError, shortenAction } from './syscall-error.js';

/** A step of the launch plan that failed; nothing of the container is left. */
export class LaunchError extends SyscallError {
  /** Index of the step in the plan. */
  readonly stepIndex: number;
  /** The step's name: `mount`. */
  readonly op: string;

  constructor(
    failure: { readonly action: string; readonly errno: number; readonly stepIndex: number; readonly op: string },
    details: ContainerErrorDetails = {},
  ) {
    super({ ...failure, syscall: failure.op }, details);
    this.stepIndex = failure.stepIndex;
    this.op = failure.op;
  }
}

/** The launch was killed in the middle of a step. */
export class LaunchKilledError extends ContainerError {
  /** Name of the signal; absent where the process was not this one's child. */
  declare readonly signal?: string;
  readonly stepIndex: number;
  /** What was going on. */
  readonly action: string;

  constructor(signal: string | undefined, stepIndex: number, action: string, details: ContainerErrorDetails = {}) {
    super(
      `killed${signal === undefined ? '' : ` by ${signal}`} during: ${shortenAction(action)}`,
      'ERR_LAUNCH_KILLED',
      details,
    );
    if (signal !== undefined) this.signal = signal;
    this.stepIndex = stepIndex;
    this.action = action;
  }
}
