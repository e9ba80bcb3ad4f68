import type { StreamOptions } from '../container/streams.js';
import type { TerminalSize } from '../spec/options.js';
import { expectDeadTerminals } from './hang-up.js';
import { printProblem } from './report-error.js';
import type { RelayedTerminal, TerminalRelay } from './terminal.js';

/** A process that this one is the face of: a container, or an exec. */
export interface Attended<Result> {
  readonly terminal: RelayedTerminal | null;
  readonly signal: (signal: string) => unknown;
  readonly kill: () => Promise<unknown>;
  readonly exited: Promise<Result>;
}

/** What is handed on to the process; SIGKILL and SIGSTOP cannot be. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** How a process is attended. */
export interface AttendOptions {
  /** The how-manieth SIGINT or SIGTERM kills it at once. */
  readonly killAt: number;
  /** Without a word. */
  readonly quiet: boolean;
  /** What connects its terminal with the caller's, where it has one. */
  readonly relay?: TerminalRelay | undefined;
}

/** Those that ask for the end: whoever sends them again and again means it. */
const ENDING: readonly string[] = ['SIGINT', 'SIGTERM'];

/**
 * Starts a process and waits for its end, handing on the signals that this process gets.
 *
 * @param start - starts it; signals that come meanwhile reach it once it has started
 */
export async function attend<Result, Process extends Attended<Result>>(
  start: () => Promise<Process>,
  options: AttendOptions,
): Promise<Result> {
  const { relay } = options;
  // With a terminal, a new size of the window reaches the processes by way of that.
  const signals = FORWARDED.filter((signal) => relay === undefined || signal !== 'SIGWINCH');
  const early: NodeJS.Signals[] = [];
  let receive = (signal: NodeJS.Signals): void => void early.push(signal);
  const listener = (signal: NodeJS.Signals): void => {
    receive(signal);
  };
  for (const signal of signals) process.on(signal, listener);
  try {
    await expectDeadTerminals();
    const started = await start();
    await connect(started, relay);
    receive = forwardTo(started, options);
    early.forEach(receive);
    return await started.exited;
  } finally {
    for (const signal of signals) process.off(signal, listener);
    await relay?.finish();
  }
}

async function connect(target: Attended<unknown>, relay: TerminalRelay | undefined): Promise<void> {
  if (target.terminal === null || relay === undefined) return;
  try {
    relay.connect(target.terminal);
  } catch (error) {
    await target.kill();
    throw error;
  }
}

function forwardTo(target: Attended<unknown>, options: AttendOptions): (signal: NodeJS.Signals) => void {
  const { killAt, quiet, relay } = options;
  let asked = 0;
  return (signal) => {
    if (ENDING.includes(signal)) asked += 1;
    if (asked < killAt || !ENDING.includes(signal)) {
      target.signal(signal);
      return;
    }
    if (asked === killAt && !quiet) sayTo(relay, 'it was asked to end and has not: killing it');
    // A kill that fails is told of by `exited`.
    target.kill().catch(() => undefined);
  };
}

function sayTo(relay: TerminalRelay | undefined, problem: string): void {
  if (relay === undefined) printProblem(problem);
  else relay.printProblem(problem);
}

/** What a verb takes that starts a process in the foreground. */
interface StreamFlags {
  readonly interactive?: boolean | undefined;
  readonly terminal?: boolean | TerminalSize | undefined;
}

/** What the process is connected to. */
export interface Connections {
  /** Options of the library. */
  readonly streams: StreamOptions & { readonly terminal?: true | TerminalSize };
  readonly relay?: TerminalRelay;
}

/**
 * Chooses what a process in the foreground is connected to: this process's own streams, or a terminal that is relayed.
 *
 * @throws UsageError for keys where there is no keyboard
 */
export async function chooseConnections({ interactive = false, terminal = false }: StreamFlags): Promise<Connections> {
  if (terminal === false) {
    return { streams: { stdin: interactive ? 'inherit' : 'ignore', stdout: 'inherit', stderr: 'inherit' } };
  }
  const { TerminalRelay: Relay } = await import('./terminal.js');
  const relay = new Relay(interactive);
  return { streams: { terminal: relay.size() ?? terminal }, relay };
}
