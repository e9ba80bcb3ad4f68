import { ANNOTATIONS, KEPT_STREAM } from '../spec/annotations.js';
import type { Container } from './container.js';
import type { OnEnd } from './parts.js';
import type { OnBehalf } from './prepare.js';
import { type SpawnOptions, spawnInternally } from './spawn.js';
import type { ChosenStreams, StreamOption, StreamOptions, StreamOwner } from './streams.js';
import type { CallerSurroundings } from './surroundings.js';

/**
 * How a supervisor starts a container: it outlives the supervisor, and the next one takes it over with `adoptContainer`.
 *
 * Where it has a terminal, its init holds the master, too, so that the session is not hung up meanwhile; what the terminal has
 * shown and nobody has read keeps the init from ending. Whoever owns such a container must read its terminal to the end.
 */
export interface SupervisedSpawnOptions extends Omit<SpawnOptions, 'dieWithParent' | 'stdin'> {
  /** Which of the container's runs this is, counted from 1. */
  readonly run: number;
  /** Where the caller of the supervisor is, and its variables; absent: where the supervisor is. */
  readonly around?: CallerSurroundings;
  /**
   * `keep`: a pipe of which the init holds the end that is written to, too: it is never at its end, whoever dies, or closes
   * {@link Container.stdin}. What is written to that arrives there.
   *
   * @default 'ignore'
   */
  readonly stdin?: Exclude<StreamOption, 'pipe' | 'inherit'> | 'keep';
  /** `keep`: its standard output and error are pipes, of which the init is to hold what {@link chooseOutput} says. */
  readonly output?: 'keep';
  readonly onEnd?: OnEnd;
  /** Makes the spec that of somebody who may less than this process. */
  readonly adjust?: OnBehalf['adjust'];
  /** Descriptors by slot, for what `adjust` has put into the spec; they stay the caller's. */
  readonly fds?: ReadonlyMap<string, number>;
  /** Says what its output is connected to when it is known whose it is to be; not asked where there is a terminal. */
  readonly chooseOutput?: (owner: StreamOwner | undefined) => ChosenOutput;
}

/** What the output of a container is connected to, and what its init is to hold of that. */
export type ChosenOutput = Pick<StreamOptions, 'stdout' | 'stderr'> & Pick<ChosenStreams, 'kept'>;

/**
 * Starts a container of a supervisor's.
 *
 * @returns as `spawn` does
 * @throws as `spawn` does; nothing is left then
 */
export function spawnSupervised(
  command: readonly string[],
  { run, around, stdin, output, onEnd, chooseOutput, adjust, fds, ...options }: SupervisedSpawnOptions,
): Promise<Container> {
  const keeps = stdin === 'keep';
  const input = keeps ? 'pipe' : stdin;
  return spawnInternally(
    command,
    { ...options, dieWithParent: false, ...(input === undefined ? {} : { stdin: input }) },
    {
      around,
      onEnd,
      adjust,
      fds,
      chooseStreams: chooseOutput,
      annotations: {
        [ANNOTATIONS.run]: String(run),
        ...(keeps ? { [ANNOTATIONS.stdin]: KEPT_STREAM } : {}),
        ...(output === 'keep' ? { [ANNOTATIONS.output]: KEPT_STREAM } : {}),
      },
    },
  );
}
