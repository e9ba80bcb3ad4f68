import type { SlotName } from './steps.js';

/** A descriptor that an init holds for as long as it lives, for whoever takes the container over. */
export interface KeptDescriptor {
  readonly slot: SlotName;
  /** Its number in corral-init, once that waits for the workload. */
  readonly number: number;
}

/** What an init can hold: native/init/run.h has the same numbers, and docs/launch-plan.md. */
export const KEPT = {
  /** The master of the terminal. */
  terminal: { slot: 'master', number: 2 },
  /** The end of the pipe that is written to. */
  input: { slot: 'input', number: 3 },
  /** The end of the pipe of standard output that is read from. */
  output: { slot: 'output', number: 4 },
  /** The file that goes into when the workload has ended. */
  outputSpool: { slot: 'output-spool', number: 5 },
  /** The same of standard error. */
  errors: { slot: 'errors', number: 6 },
  errorsSpool: { slot: 'errors-spool', number: 7 },
} as const satisfies Record<string, KeptDescriptor>;

/** Those of the output, which are kept together. */
export const KEPT_OUTPUT = [KEPT.output, KEPT.outputSpool, KEPT.errors, KEPT.errorsSpool] as const;

/** Of a pipe that a container writes into: what its init is to hold. */
export interface KeptPipe {
  /** The end that is read from. */
  readonly pipe: number;
  /** The file that what is left goes into, open for writing without O_APPEND. */
  readonly spool: number;
}

/** Both pipes of a container's output. */
export interface KeptOutput {
  readonly stdout: KeptPipe;
  readonly stderr: KeptPipe;
}
