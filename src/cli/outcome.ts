import type { Containers } from '../container/containers.js';
import { isContainerError } from '../errors/container-error.js';
import { UsageError } from './usage-error.js';

/** What became of one of the containers that a verb was about. */
export type Outcome<Result> =
  { readonly id: string; readonly result: Result } | { readonly id: string; readonly error: unknown };

/**
 * Does something to each container, all at once; one that fails does not keep the others from it.
 *
 * @returns what became of each, in the order of the names
 */
export function forEach<Result>(
  names: readonly string[],
  act: (id: string) => Result | Promise<Result>,
): Promise<readonly Outcome<Result>[]> {
  return Promise.all(
    names.map(async (id) => {
      try {
        return { id, result: await act(id) };
      } catch (error) {
        return { id, error };
      }
    }),
  );
}

/** Returns the names that a verb was given, each once, or with --all every name. @throws UsageError for none or both */
export function selectNames(
  operands: readonly string[],
  all: true | undefined,
  containers: Containers,
): readonly string[] {
  if (all === true && operands.length > 0) throw new UsageError('--all leaves no NAME to give');
  if (all === true) return containers.list().map(({ id }) => id);
  if (operands.length === 0) throw new UsageError('NAME is missing', 'or --all');
  return [...new Set(operands)];
}

/** Returns what became of a container as plain data: the result's own fields beside `id`, or `error`. */
export function outcomeToJson<Result extends object>(outcome: Outcome<Result>): object {
  if ('result' in outcome) return { id: outcome.id, ...outcome.result };
  const { id, error } = outcome;
  return { id, error: isContainerError(error) ? error.toJSON() : { message: String(error) } };
}
