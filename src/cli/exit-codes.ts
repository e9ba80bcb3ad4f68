import type { ProcessResult } from '../container/result.js';
import { LaunchError } from '../errors/launch-error.js';
import { OptionError } from '../errors/option-error.js';
import { UsageError } from './usage-error.js';
import { SIGNALS } from '../util/signals.js';

/** Every exit code that corral has of its own. */
export const EXIT = {
  ok: 0,
  /** The verb did not do (all) that it was asked for. */
  failure: 1,
  /** The command line of a verb that runs nothing makes no sense. */
  usage: 2,
  /** `wait`: a container has ended, and nobody knows with which exit code. */
  unknown: 3,
  /** `run`, `exec`: the time was up, as with timeout(1). */
  timedOut: 124,
  /** `run`, `exec`: corral itself failed, as with podman: the command was not started. */
  corralFailed: 125,
  /** `run`, `exec`: the command was found, and cannot be executed. */
  notExecutable: 126,
  /** `run`, `exec`: the command was not found. */
  notFound: 127,
  /** Plus the number of the signal that ended the command. */
  signal: 128,
} as const;

/** The same in words, for the help of the verbs that run a command. */
export const EXIT_HELP = `Exit code:
  that of the command, or
  124      the time was up (--timeout)
  125      corral itself failed, or was used wrongly
  126      the command cannot be executed
  127      the command was not found
  128 + N  signal N ended the command`;

/** Returns what to exit with after a command has ended. */
export function exitCodeOf({ exitCode, signal, timedOut }: Omit<ProcessResult, 'durationMs'>): number {
  if (timedOut) return EXIT.timedOut;
  return exitCode ?? EXIT.signal + signalNumber(signal ?? 'SIGKILL');
}

/** Returns the exit code of a container that has ended; `undefined` where nobody knows it. */
export function exitCodeOfEnd({ exitCode, signal, timedOut = false }: Partial<ProcessResult>): number | undefined {
  if (exitCode === undefined || signal === undefined) return undefined;
  return exitCodeOf({ exitCode, signal, timedOut, aborted: false });
}

/**
 * Returns what to exit with after an error.
 *
 * @param runs - the verb runs a command, whose exit codes must not be taken for corral's own
 */
export function errorExitCode(error: unknown, { runs }: { readonly runs: boolean }): number {
  if (!runs) return error instanceof OptionError || error instanceof UsageError ? EXIT.usage : EXIT.failure;
  if (!(error instanceof LaunchError) || !FINDING.includes(error.op)) return EXIT.corralFailed;
  return NOT_THERE.includes(error.code) ? EXIT.notFound : EXIT.notExecutable;
}

/** The steps at which it is the command that is at fault. */
const FINDING = ['find-executable', 'exec'];
const NOT_THERE = ['ENOENT', 'ENOTDIR'];

function signalNumber(name: string): number {
  const known = SIGNALS as Readonly<Partial<Record<string, number>>>;
  return known[name] ?? Number(name.slice('SIG'.length));
}
