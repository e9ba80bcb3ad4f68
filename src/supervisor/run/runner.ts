import type { Brake } from './brake.js';
import type { Attachment } from '../attachment.js';
import type { Container } from '../../container/container.js';
import type { ContainerResult } from '../../container/result.js';
import type { ContainerRecord } from '../record/record.js';
import type { SupervisedOptions } from '../types.js';

/** How a run ended, as far as anybody knows. */
export type RunResult = Partial<ContainerResult>;

/** Is told how a run ended, and when, before anything of it is forgotten. */
export type NoteEnd = (result: RunResult, endedAt?: Date) => void;

/** A run that is under way. */
export interface Run {
  readonly container: Container;
  /** What holds it still. */
  readonly brake: Brake;
  /** What this host could not give in full, in words. */
  readonly notes: readonly string[];
  /** How it ended; settles when nothing of it is left, and its log is whole. */
  readonly ended: Promise<RunResult>;
  /** Connects to its streams or terminal. @throws UnsupportedError where there is nothing to connect to */
  readonly attach: () => Attachment;
}

/** What was found of a run whose supervisor has died. */
export type Found =
  | { readonly kind: 'run'; readonly run: Run }
  /** It has ended meanwhile, and is cleared away. */
  | { readonly kind: 'ended'; readonly result: RunResult }
  /** Its start had not come far enough, or it is of an earlier boot: nothing of it is left. */
  | { readonly kind: 'nothing' };

/** Starts and finds runs of containers: what of the supervisor touches the system. */
export interface Runner {
  /** Thinks a container through, without doing anything. @throws OptionError, UnsupportedError */
  check(id: string, options: SupervisedOptions): void;
  /**
   * Starts a run of a container.
   *
   * @param record - in which the run is begun already
   * @param onEnd - called before anything of the run is forgotten, so that its end can be noted first
   * @throws as `spawn` does; nothing is left then
   */
  launch(record: ContainerRecord, onEnd: NoteEnd): Promise<Run>;
  /** Looks what became of the run that was last begun, and takes it over. */
  find(record: ContainerRecord, onEnd: NoteEnd): Promise<Found>;
  /** Tells whether somebody outside of the supervisor has killed the run that is ending. */
  wasKilled(id: string): boolean;
  /** Clears away what only the last one to leave can. */
  leave(): void;
  /** The boot that this is. */
  readonly bootId: string;
}
