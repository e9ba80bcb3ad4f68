import { CgroupError, CgroupRefusedError } from '../../errors/cgroup-error.js';
import { ConfigError } from '../../errors/config-error.js';
import { ConnectionError, ForbiddenError } from '../../errors/api-error.js';
import { ContainerError } from '../../errors/container-error.js';
import { HookError } from '../../errors/hook-error.js';
import { LaunchError, LaunchKilledError } from '../../errors/launch-error.js';
import { OptionError } from '../../errors/option-error.js';
import { AlreadyExistsError, NotFoundError, StateError } from '../../errors/state-errors.js';
import { SyscallError } from '../../errors/syscall-error.js';
import { UnsupportedError } from '../../errors/unsupported-error.js';

/** Those that callers tell apart by their class. */
const CLASSES = [
  AlreadyExistsError,
  CgroupError,
  CgroupRefusedError,
  ConfigError,
  ConnectionError,
  ForbiddenError,
  HookError,
  LaunchError,
  LaunchKilledError,
  NotFoundError,
  OptionError,
  StateError,
  SyscallError,
  UnsupportedError,
] as const;

/** Returns the error that an answer of the supervisor's says, as it was thrown there. */
export function restoreError(body: unknown): ContainerError {
  const fields = errorFields(body);
  if (fields === undefined) return new ContainerError('the supervisor has answered what is no error', 'ERR_CONNECTION');
  const { name, code, message, hint, id, ...rest } = fields;
  const error = new ContainerError(message, code, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof id === 'string' ? { id } : {}),
  });
  const found = CLASSES.find((one) => one.name === name);
  if (found !== undefined) {
    // Its constructor would make the message anew, of what is not here.
    Object.setPrototypeOf(error, found.prototype);
    Object.defineProperty(error, 'name', { value: name, configurable: true });
  }
  return Object.assign(error, rest);
}

function errorFields(body: unknown): { code: string; message: string; [field: string]: unknown } | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined;
  return error as { code: string; message: string };
}
