import { Pidfd } from '../native/pidfd.js';
import { codeOf } from './files.js';
import { listProcessesBelow } from './processes.js';

/** Bounds the descriptors that are open at once. */
const BATCH = 256;

/** How {@link signalListed} works. */
export interface SignalListedOptions {
  /** Wait so long for them to end, in milliseconds. @defaultValue 0: not at all */
  readonly exitMs?: number;
  /** The pid of one that is left out. */
  readonly except?: number | undefined;
}

/**
 * Sends a signal to the processes that are listed in the cgroup at `path` and below it, and to no others: what is still
 * listed after its pidfd was opened was this cgroup's when it was opened, so that a pid that passed to a stranger is
 * found out. All signals are sent by the time the promise is returned.
 *
 * @param signal - its number
 * @returns the pids of those that got it
 */
export async function signalListed(
  path: string,
  signal: number,
  { exitMs = 0, except }: SignalListedOptions = {},
): Promise<readonly number[]> {
  const pids = listProcessesBelow(path).filter((pid) => pid !== except);
  const sent: number[] = [];
  const exits: Promise<void>[] = [];
  for (let start = 0; start < pids.length; start += BATCH) {
    const handles = openAll(pids.slice(start, start + BATCH));
    const listed = new Set(listProcessesBelow(path));
    for (const { pid, pidfd } of handles) {
      const isSent = listed.has(pid) && send(pidfd, signal);
      if (isSent) sent.push(pid);
      // The first batch's deaths are enough to wait for: the caller looks again anyway.
      if (isSent && exitMs > 0 && start === 0) exits.push(untilExit(pidfd, exitMs));
      else pidfd.close();
    }
  }
  await Promise.all(exits);
  return sent;
}

interface Opened {
  readonly pid: number;
  readonly pidfd: Pidfd;
}

function openAll(pids: readonly number[]): readonly Opened[] {
  return pids.flatMap((pid) => unlessDead(() => [{ pid, pidfd: Pidfd.open(pid) }]) ?? []);
}

function send(pidfd: Pidfd, signal: number): boolean {
  const sent = unlessDead(() => {
    pidfd.signal(signal);
    return true;
  });
  return sent ?? false;
}

function unlessDead<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function untilExit(pidfd: Pidfd, timeoutMs: number): Promise<void> {
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    await pidfd.untilExit({ signal: timeout });
  } catch (error) {
    if (!timeout.aborted) throw error;
  } finally {
    pidfd.close();
  }
}
