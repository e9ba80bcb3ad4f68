import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** A hook has failed, and with it what it was a part of. */
export class HookError extends ContainerError {
  /** `createRuntime[0]` */
  readonly hook: string;
  readonly path: string;

  /**
   * @param reason - `exit status 1`
   * @param details - `output`: the end of what it has written
   */
  constructor(
    hook: string,
    path: string,
    reason: string,
    { output = '', ...details }: ContainerErrorDetails & { readonly output?: string } = {},
  ) {
    super(`run hook ${hook} ${path}: ${reason}${output === '' ? '' : `: ${output}`}`, 'ERR_HOOK', details);
    this.hook = hook;
    this.path = path;
  }
}
