const BRAND = Symbol.for('corral.ContainerError');

/** What every corral error may carry besides its message. */
export interface ContainerErrorDetails {
  /** A way out, printed on a line of its own. */
  readonly hint?: string | undefined;
  /** The container that the error is about. */
  readonly id?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The base of all errors that corral throws.
 *
 * The message reads `verb object: ERRNO (text)`, lower case, without a full stop. `code` is the stable contract:
 * `ERR_…` for corral's own findings, the errno's name for system calls.
 */
export class ContainerError extends Error {
  readonly code: string;
  // Declared only: a field would be there, undefined, in every error that has none.
  declare readonly hint?: string;
  declare readonly id?: string;

  constructor(message: string, code: string, details: ContainerErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.id !== undefined) this.id = details.id;
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true });
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The error as plain data, for logs and `--json`. */
  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

/** Tells whether `value` is one of corral's errors; works across realms and copies of the package. */
export function isContainerError(value: unknown): value is ContainerError {
  return typeof value === 'object' && value !== null && BRAND in value;
}
