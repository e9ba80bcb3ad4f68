/** A signal that follows others until it is disposed of. */
export interface EitherSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Returns a signal that is aborted with the first of some others, for its reason.
 *
 * Unlike `AbortSignal.any`, which leaves a reference to each of its signals in those that it follows: in one that lives as long as
 * the process, a little more with every call.
 *
 * @returns to be disposed of when nobody waits for it any more: nothing is left of it in the others then
 */
export function eitherSignal(...others: readonly AbortSignal[]): EitherSignal {
  const either = new AbortController();
  const stop = (): void => {
    for (const other of others) other.removeEventListener('abort', follow);
  };
  const follow = (): void => {
    stop();
    either.abort(others.find(({ aborted }) => aborted)?.reason);
  };
  for (const other of others) other.addEventListener('abort', follow);
  if (others.some(({ aborted }) => aborted)) follow();
  return { signal: either.signal, [Symbol.dispose]: stop };
}
