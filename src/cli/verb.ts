import type { Flags } from './flags/flag.js';

/**
 * Which containers: `containers`: all that run; `known`: also those that the supervisor keeps and that do not; `kept`: all of the
 * supervisor's; `held`: those of them that run; `ended`: those of them that do not.
 */
export type NameKind = 'containers' | 'known' | 'kept' | 'held' | 'ended';

/** What a verb gets to know besides its own arguments and flags. */
export interface VerbContext {
  /** Where the state of containers is kept, where that was given. */
  readonly stateDir: string | undefined;
}

/** What a verb was called with: its operands, and its flags under the names of the library's options. */
export interface VerbCall<Options> {
  readonly operands: readonly string[];
  readonly options: Options;
  readonly context: VerbContext;
}

/** One verb of the command line. */
export interface Verb {
  /** As commander reads it: `<name> <command...>`; empty where there is none. */
  readonly operands: string;
  readonly description: string;
  readonly flags: Flags;
  /** Which containers a NAME may be of: what shells offer. @default 'containers' */
  readonly names?: NameKind;
  /** What shells offer for other operands, by their names. */
  readonly operandValues?: Readonly<Record<string, readonly string[]>>;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Further text for the end of the help. */
  readonly notes?: string;
  /** Operands end with a command, whose own flags are its own. */
  readonly takesCommand?: true;
  /** It runs that command: see exit-codes.ts. */
  readonly runs?: true;
  /** @returns the exit code */
  readonly act: (call: VerbCall<never>) => Promise<number>;
}
