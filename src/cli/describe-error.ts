import { isContainerError } from '../errors/container-error.js';
import { OptionError } from '../errors/option-error.js';
import { describeFailure } from '../errors/syscall-error.js';
import type { Spelling } from './flags/flag.js';

/** Returns an error as people read it: what went wrong, and on a line of its own a way out. */
export function describeError(error: unknown, spelling: Spelling): string {
  if (isContainerError(error)) {
    const message = error instanceof OptionError ? describeOption(error, spelling) : error.message;
    return withHint(message, error.hint === undefined ? undefined : spellOptions(error.hint, spelling));
  }
  if (isSystemError(error)) {
    return describeFailure([error.syscall, error.path].filter(Boolean).join(' '), -error.errno);
  }
  return error instanceof Error
    ? `internal error: ${error.stack ?? error.message}`
    : `internal error: ${String(error)}`;
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}\nhint: ${hint}`;
}

// The library says `volumes[0]: …`, and whoever typed --volume must read --volume.
function describeOption(error: OptionError, spelling: Spelling): string {
  const [, first = '', inner] = /^(\w+)(?:\[\d+\])?(?:\.(.*))?$/.exec(error.option) ?? [];
  // Of an object of options, each has its flag: `log.driver`.
  const [flag, variable] = spelling.has(error.option)
    ? [spelling.get(error.option), undefined]
    : [spelling.get(first), inner];
  if (flag === undefined) return error.message;
  const message = error.message.slice(error.option.length);
  // `--read-only: true is not …`: who typed a switch gave no value.
  const rest = spellOptions(typeof error.value === 'boolean' ? message.replace(/^: \w+/, '') : message, spelling);
  return `${flag}${variable === undefined ? '' : ` ${variable}`}${rest}`;
}

// Only names that cannot be words: `memorySwap` and `log.driver` are options wherever they stand, `memory` may be memory.
function spellOptions(text: string, spelling: Spelling): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\b[a-z]+[A-Z.]\w*\b/g, (word) => spelling.get(word) ?? word);
}

interface SystemError extends Error {
  readonly syscall: string;
  readonly errno: number;
  readonly path?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number';
}
