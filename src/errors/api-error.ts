import { ContainerError, type ContainerErrorDetails } from './container-error.js';

/** What a code of {@link ApiError} is answered with. */
const STATUS = {
  /** The request is none of HTTP's, or not what the route takes. */
  ERR_REQUEST: 400,
  /** There is no such route. */
  ERR_ROUTE: 404,
  /** The route is there, and takes other methods. */
  ERR_METHOD: 405,
  /** The request has not come in time. */
  ERR_SLOW: 408,
  /** The body is too long. */
  ERR_TOO_LARGE: 413,
  /** The head is too long. */
  ERR_HEAD_TOO_LARGE: 431,
  /** There are too many connections or requests. */
  ERR_BUSY: 503,
  /** The supervisor is on its way out, and has done nothing. */
  ERR_CLOSING: 503,
} as const;

/** Why a request is refused before anybody has looked at what it wants. */
export type ApiErrorCode = keyof typeof STATUS;

/** A request to the supervisor's socket that was refused. */
export class ApiError extends ContainerError {
  /** Of HTTP. */
  readonly status: number;

  constructor(message: string, code: ApiErrorCode, details: ContainerErrorDetails = {}) {
    super(message, code, details);
    this.status = STATUS[code];
  }
}

/** The caller is known, and may not do that. */
export class ForbiddenError extends ContainerError {
  constructor(message: string, details: ContainerErrorDetails = {}) {
    super(message, 'EPERM', details);
  }
}

/** The supervisor cannot be reached: it does not run, could not be started, or has gone away in the middle of a request. */
export class ConnectionError extends ContainerError {
  constructor(message: string, details: ContainerErrorDetails = {}) {
    super(message, 'ERR_CONNECTION', details);
  }
}
