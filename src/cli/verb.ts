import type { Flags } from './flags/flag.js';

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
