import type { StartedProcess } from '../container/engine/console.js';
import { SIGNALS } from '../util/signals.js';

/** What is handed on to a process in the foreground; SIGKILL and SIGSTOP cannot be. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Waits for the end of a process that this one is the face of: its terminal is this one's, and the signals that come here go on.
 *
 * @param started - its descriptors belong to this function
 * @returns the exit code; 128 and its number for a signal
 */
export async function awaitProcess({ pidfd, terminal }: StartedProcess): Promise<number> {
  const forward = (signal: NodeJS.Signals): void => {
    if (pidfd.poll() === undefined) pidfd.signal(SIGNALS[signal as keyof typeof SIGNALS]);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const ended = pidfd.wait();
  const relay = terminal === undefined ? undefined : await startRelay(terminal, ended);
  try {
    const { exitCode, signal } = await ended;
    return exitCode ?? 128 + (signal ?? 0);
  } finally {
    await relay?.();
    for (const signal of FORWARDED) process.off(signal, forward);
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
