import { isContainerError } from '../errors/container-error.js';
import { EXIT } from './exit-codes.js';
import type { Listed } from './fleet.js';
import { isUp } from './status.js';
import { UsageError } from './usage-error.js';

/** What became of one of the containers that a verb was about. */
export type Outcome<Result> =
  { readonly id: string; readonly result: Result } | { readonly id: string; readonly error: unknown };

/** Does something to each container, all at once. @returns what becomes of each, in the order of the names; none rejects */
export function startEach<Result>(
  names: readonly string[],
  act: (id: string) => Result | Promise<Result>,
): readonly Promise<Outcome<Result>>[] {
  return names.map(async (id) => {
    try {
      return { id, result: await act(id) };
    } catch (error) {
      return { id, error };
    }
  });
}

/** The same, waiting until all of it is done: one that fails does not keep the others from it. */
export function forEach<Result>(
  names: readonly string[],
  act: (id: string) => Result | Promise<Result>,
): Promise<readonly Outcome<Result>[]> {
  return Promise.all(startEach(names, act));
}

/** Returns the exit code for what became of some containers. */
export function outcomesExitCode(outcomes: readonly Outcome<unknown>[]): number {
  return outcomes.some((outcome) => 'error' in outcome) ? EXIT.failure : EXIT.ok;
}

/**
 * Returns the names that a verb was given, each once; with --all every name, with --filter those that fit.
 *
 * @throws UsageError for none, or names and one of the two
 */
export async function selectNames(
  operands: readonly string[],
  all: true | undefined,
  containers: { list: () => Promise<readonly Listed[]> },
  fits?: (container: Listed) => boolean,
): Promise<readonly string[]> {
  const flag = all === true ? '--all' : fits !== undefined ? '--filter' : undefined;
  if (flag !== undefined && operands.length > 0) throw new UsageError(`${flag} leaves no NAME to give`);
  if (flag === undefined && operands.length === 0) throw new UsageError('NAME is missing', 'or --all');
  if (flag === undefined) return [...new Set(operands)];
  const listed = await containers.list();
  return (fits === undefined ? listed : listed.filter(fits)).map(({ id }) => id);
}

/** Returns which containers are meant where an end is asked for: with --all, those of which there is anything to end. */
export function thoseUp(all: true | undefined, fits: ((container: Listed) => boolean) | undefined): typeof fits {
  if (all !== true) return fits;
  return (container) => isUp(container) && fits?.(container) !== false;
}

/** Returns what became of a container as plain data: the result's own fields beside `id`, or `error`. */
export function outcomeToJson<Result extends object>(outcome: Outcome<Result>): object {
  if ('result' in outcome) return { id: outcome.id, ...outcome.result };
  const { id, error } = outcome;
  return { id, error: isContainerError(error) ? error.toJSON() : { message: String(error) } };
}
