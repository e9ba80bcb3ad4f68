import { ApiError } from '../../errors/api-error.js';
import { CgroupError } from '../../errors/cgroup-error.js';
import { isContainerError } from '../../errors/container-error.js';
import { LaunchError, LaunchKilledError } from '../../errors/launch-error.js';
import { RefusedError } from '../../errors/refused-error.js';

/** An error as the supervisor answers with it. */
export interface ErrorBody {
  readonly error: {
    /** `ERR_…` of corral's own, or the name of an errno such as `EPERM`. */
    readonly code: string;
    /** What went wrong: the same words as of the command line. */
    readonly message: string;
    /** A way out. */
    readonly hint?: string;
    /** The field or parameter that makes no sense. */
    readonly option?: string;
    /** The container that it is about. */
    readonly id?: string;
    /** The name of the error in the library. */
    readonly name: string;
    /** Further fields of the error in the library. */
    readonly [field: string]: unknown;
  };
}

const STATUS: Readonly<Partial<Record<string, number>>> = {
  ERR_OPTION: 400,
  ERR_CONFIG: 400,
  EPERM: 403,
  EACCES: 403,
  ERR_NOT_FOUND: 404,
  ERR_ALREADY_EXISTS: 409,
  ERR_STATE: 409,
  ERR_CGROUP_REFUSED: 409,
  ERR_UNSUPPORTED: 422,
};

// Of what the kernel, or the supervisor in its place, says of a caller's cgroups and processes.
const CGROUP_STATUS: Readonly<Partial<Record<string, number>>> = {
  ...STATUS,
  EAGAIN: 409,
  EBUSY: 409,
  EEXIST: 409,
  EINVAL: 400,
  ENODEV: 404,
  ENOENT: 404,
  ENOTEMPTY: 409,
  EOPNOTSUPP: 409,
  ERANGE: 400,
  ESRCH: 404,
};

/** Returns the status that an error is answered with. */
export function errorStatus(error: unknown): number {
  if (error instanceof ApiError) return error.status;
  if (error instanceof RefusedError || error instanceof CgroupError) return CGROUP_STATUS[error.code] ?? 500;
  // The command is not there, or a mount point: what was asked for cannot be, and the supervisor is well.
  if (error instanceof LaunchError || error instanceof LaunchKilledError) return 422;
  return isContainerError(error) ? (STATUS[error.code] ?? 500) : 500;
}

/** Returns an error as it is answered with. */
export function errorBody(error: unknown): ErrorBody {
  if (!isContainerError(error)) {
    const message = `internal error: ${error instanceof Error ? error.message : String(error)}`;
    return { error: { name: 'ContainerError', code: 'ERR_INTERNAL', message } };
  }
  const { value, status, ...fields } = Object.assign({}, error) as { code: string; value?: unknown; status?: unknown };
  const rest = {
    ...fields,
    // What was given may be long, or not JSON: the message shows it.
    ...(typeof value === 'object' || value === undefined ? {} : { value: shorten(value) }),
    // The status of a container, not that of the answer.
    ...(status === undefined || error instanceof ApiError ? {} : { status }),
  };
  return { error: { name: error.name, message: error.message, ...rest } };
}

const MOST = 1000;

function shorten(value: unknown): unknown {
  return typeof value === 'string' && value.length > MOST ? `${value.slice(0, MOST)}…` : value;
}
