import { printProblem } from './report-error.js';

/** A process that this one is the face of: a container, or an exec. */
export interface Attended<Result> {
  readonly signal: (signal: string) => unknown;
  readonly kill: () => Promise<unknown>;
  readonly exited: Promise<Result>;
}

interface Patience {
  readonly killAt: number;
  readonly quiet: boolean;
}

/** What is handed on to the process; SIGKILL and SIGSTOP cannot be. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** Those that ask for the end: whoever sends them again and again means it. */
const ENDING: readonly string[] = ['SIGINT', 'SIGTERM'];

/**
 * Starts a process and waits for its end, handing on the signals that this process gets.
 *
 * @param start - starts it; signals that come meanwhile reach it once it has started
 * @param patience - `killAt`: the how-manieth SIGINT or SIGTERM kills it at once; `quiet`: without a word
 */
export async function attend<Result, Process extends Attended<Result>>(
  start: () => Promise<Process>,
  patience: Patience,
): Promise<Result> {
  const early: NodeJS.Signals[] = [];
  let receive = (signal: NodeJS.Signals): void => void early.push(signal);
  const listener = (signal: NodeJS.Signals): void => {
    receive(signal);
  };
  for (const signal of FORWARDED) process.on(signal, listener);
  try {
    const started = await start();
    receive = forwardTo(started, patience);
    early.forEach(receive);
    return await started.exited;
  } finally {
    for (const signal of FORWARDED) process.off(signal, listener);
  }
}

function forwardTo(target: Attended<unknown>, { killAt, quiet }: Patience): (signal: NodeJS.Signals) => void {
  let asked = 0;
  return (signal) => {
    if (ENDING.includes(signal)) asked += 1;
    if (asked < killAt || !ENDING.includes(signal)) {
      target.signal(signal);
      return;
    }
    if (asked === killAt && !quiet) printProblem('it was asked to end and has not: killing it');
    // A kill that fails is told of by `exited`.
    target.kill().catch(() => undefined);
  };
}
