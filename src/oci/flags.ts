import { type Command, InvalidArgumentError } from 'commander';
import type { HandOverOptions } from '../container/engine/console.js';

/** Flags of the verbs that start a process. */
export interface ProcessFlags {
  readonly consoleSocket?: string;
  readonly pidFile?: string;
  readonly pidfdSocket?: string;
  readonly preserveFds?: number;
}

/** Flags of the verbs that make a container. */
export interface BundleFlags extends ProcessFlags {
  readonly bundle?: string;
  readonly pivot: boolean;
  readonly newKeyring: boolean;
}

/** Adds {@link ProcessFlags}. */
export function addProcessFlags(command: Command): void {
  command
    .option('--console-socket <SOCKET>', 'a Unix socket that gets the master of the terminal')
    .option('--pid-file <FILE>', 'write the process id there')
    .option('--pidfd-socket <SOCKET>', 'a Unix socket that gets a pidfd of the process')
    .option('--preserve-fds <N>', 'hand on N descriptors beside the three streams', parseCount);
}

/** Adds {@link BundleFlags}. */
export function addBundleFlags(command: Command): void {
  command.option('-b, --bundle <DIR>', 'the bundle (default: the working directory)');
  addProcessFlags(command);
  command
    .option('--no-pivot', 'move the root instead of pivoting: on a RAM disk nothing else works')
    .option('--no-new-keyring', 'keep the session keyring of the caller')
    .option('--no-subreaper', 'leave orphans to whoever reaps them otherwise');
}

/** Returns what of them says who is told of a new process. */
export function toCreateOptions({ consoleSocket, pidFile, pidfdSocket }: ProcessFlags): HandOverOptions {
  return {
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(pidfdSocket === undefined ? {} : { pidfdSocket }),
  };
}

function parseCount(value: string): number {
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not a number of descriptors.`);
}
