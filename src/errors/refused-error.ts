import { errnoNumber } from '../util/errno.js';
import { ContainerError, type ContainerErrorDetails } from './container-error.js';
import { describeFailure } from './syscall-error.js';

/** Something that the supervisor does not do for a caller of its socket: it is not the caller's, or the caller is not who it was. */
export class RefusedError extends ContainerError {
  /** What was asked for: `move process 7`. */
  readonly action: string;

  /**
   * @param code - the errno that says it best: `EPERM`
   * @param details - `hint`: the reason in words
   */
  constructor(
    action: string,
    code: 'EPERM' | 'EACCES' | 'ESRCH' | 'EAGAIN' | 'EBUSY',
    details: ContainerErrorDetails = {},
  ) {
    super(describeFailure(action, errnoNumber(code) ?? 1), code, details);
    this.action = action;
  }
}
