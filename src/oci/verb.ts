import type { Command } from 'commander';
import type { Store } from '../container/store.js';

/** What all verbs are called with besides their own. */
export interface Globals {
  /** Where the state of containers is kept. */
  readonly store: Store;
  /** Who makes the cgroups: `systemd` makes scopes; `disabled`: there are none. */
  readonly cgroupManager: 'cgroupfs' | 'systemd' | 'disabled';
  /** The program that checkpoints and restores. */
  readonly criu: string;
  /** Says what is no error. */
  readonly warn: (text: string) => void;
  /** Says what only those want to know who ask for it. */
  readonly debug: (text: string) => void;
}

/** What a verb was called with. */
export interface VerbCall<Flags> {
  readonly operands: readonly string[];
  readonly flags: Flags;
  readonly globals: Globals;
}

/** One verb, as commander and corral-oci know it. */
export interface Verb {
  /** Operands, as commander reads them: `<container-id>`. */
  readonly operands: string;
  readonly description: string;
  /** Adds its flags. */
  readonly configure?: (command: Command) => void;
  /** Operands end with a command, whose own flags are its own. */
  readonly takesCommand?: true;
  /** What it ends with when it fails. @default 1 */
  readonly failure?: number;
  /** @returns the exit code */
  readonly act: (call: VerbCall<never>) => Promise<number> | number;
}
