import type { StartedProcess } from '../container/engine/console.js';
import { SIGNALS } from '../util/signals.js';

type Pidfd = StartedProcess['pidfd'];

/** What is handed on to a process in the foreground; SIGKILL and SIGSTOP cannot be. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * The signals that come to this process while it is the face of another one. They are caught before that other one runs: whoever
 * sees a sign of its life may send one at once.
 */
export class SignalRelay implements Disposable {
  #pidfd: Pidfd | undefined;
  readonly #waiting: number[] = [];

  readonly #take = (signal: NodeJS.Signals): void => {
    const number = SIGNALS[signal as keyof typeof SIGNALS];
    if (this.#pidfd === undefined) this.#waiting.push(number);
    else this.#send(number);
  };

  constructor() {
    for (const signal of FORWARDED) process.on(signal, this.#take);
  }

  /** From now on signals go there, those first that have come already. @param pidfd - stays the caller's, and open until the end of this */
  handTo(pidfd: Pidfd): void {
    this.#pidfd = pidfd;
    for (const number of this.#waiting.splice(0)) this.#send(number);
  }

  #send(number: number): void {
    if (this.#pidfd?.poll() === undefined) this.#pidfd?.signal(number);
  }

  [Symbol.dispose](): void {
    for (const signal of FORWARDED) process.off(signal, this.#take);
  }
}

/**
 * Waits for the end of a process that this one is the face of: its terminal is this one's, and the signals that come here go on.
 *
 * @param started - its descriptors belong to this function
 * @returns the exit code; 128 and its number for a signal
 */
export async function awaitProcess({ pidfd, terminal }: StartedProcess, signals: SignalRelay): Promise<number> {
  signals.handTo(pidfd);
  const ended = pidfd.wait();
  const relay = terminal === undefined ? undefined : await startRelay(terminal, ended);
  try {
    const { exitCode, signal } = await ended;
    return exitCode ?? 128 + (signal ?? 0);
  } finally {
    await relay?.();
    signals[Symbol.dispose]();
    pidfd.close();
  }
}

// Engines relay terminals themselves; this is for people.
async function startRelay(
  master: NonNullable<StartedProcess['terminal']>,
  ended: Promise<unknown>,
): Promise<() => Promise<void>> {
  const [{ TerminalRelay }, { Terminal }, { DEFAULT_SIZE }] = await Promise.all([
    import('../cli/terminal.js'),
    import('../container/terminal.js'),
    import('../spec/parse/terminal.js'),
  ]);
  const relay = new TerminalRelay(process.stdin.isTTY);
  const terminal = new Terminal(master, relay.size() ?? DEFAULT_SIZE);
  relay.connect(terminal);
  void ended.then(() => {
    terminal.finish();
  });
  return () => relay.finish();
}
