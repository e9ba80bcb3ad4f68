import { isContainerError } from '../../errors/container-error.js';
import type { Trial } from '../types.js';

/** Tries something. A failure is a value. */
export async function tryOut(act: () => unknown): Promise<Trial> {
  try {
    await act();
    return { ok: true };
  } catch (error) {
    return toFailure(error);
  }
}

/** Returns an error as the outcome of a trial. */
export function toFailure(error: unknown): Extract<Trial, { ok: false }> {
  if (isContainerError(error)) {
    const { code, message, hint } = error;
    return { ok: false, code, message, ...(hint === undefined ? {} : { hint }) };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { ok: false, code, message: error instanceof Error ? error.message : String(error) };
}
