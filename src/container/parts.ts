import type { EndingOptions } from './ending.js';
import type { MainProcess } from './main-process.js';
import type { ContainerResult } from './result.js';
import type { State } from './state.js';
import type { OwnedState } from './state-file.js';
import type { NodeStreams } from './streams.js';

/**
 * Is told how a container ended when nothing of it is left but its state, which is removed right afterwards: what is written
 * down here is never lost. Where it throws, `exited` does; the state stays, and can be taken over again.
 */
export type OnEnd = (result: ContainerResult, endedAt: Date) => void;

/** What a container is put together from. */
export interface ContainerParts {
  readonly state: State;
  readonly owned: OwnedState;
  readonly main: MainProcess;
  readonly streams: NodeStreams;
  readonly ending: EndingOptions;
  /** `now()` at the start of the launch. */
  readonly startedAt: number;
  readonly onEnd?: OnEnd | undefined;
  /** What this host could not give in full. */
  readonly notes: readonly string[];
}
