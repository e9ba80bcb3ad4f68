import { closeSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path/posix';
import type { Fd } from '../../native/fd.js';
import type { Pidfd } from '../../native/pidfd.js';
import { sendDescriptor } from '../../native/unix-socket.js';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';

/** Who is told of a new process, and gets what belongs to it. */
export interface HandOverOptions {
  /** A Unix socket that gets the master of its terminal, where it has one. */
  readonly consoleSocket?: string;
  readonly pidFile?: string;
  /** A Unix socket that gets a pidfd of it. */
  readonly pidfdSocket?: string;
}

/** A process that was started for somebody else. */
export interface StartedProcess {
  readonly pid: number;
  /** Belongs to the caller. */
  readonly pidfd: Pidfd;
  /** The master of its terminal, where nobody else has got it; belongs to the caller. */
  readonly terminal: Fd | undefined;
  /** What this host could not give, where that is no error. */
  readonly warnings: readonly string[];
}

/** Hands over what there is of a process. @returns the master of its terminal, where nobody has got it @throws SyscallError */
export async function handOver(
  { pid, terminal }: { readonly pid: number; readonly terminal?: Fd },
  { consoleSocket, pidFile, pidfdSocket }: HandOverOptions,
): Promise<Fd | undefined> {
  if (pidFile !== undefined) writePidFile(pidFile, pid);
  if (pidfdSocket !== undefined) await handOverPidfd(pidfdSocket, pid);
  if (terminal === undefined || consoleSocket === undefined) return terminal;
  await handOverTerminal(consoleSocket, terminal);
  return undefined;
}

/**
 * Gives the master of a container's terminal to whoever listens on the console socket.
 *
 * @param terminal - is closed: it is theirs from then on
 * @throws SyscallError
 */
async function handOverTerminal(path: string, terminal: Fd): Promise<void> {
  try {
    await sendDescriptor({ path, what: 'console socket', text: '/dev/ptmx', fd: terminal.number });
  } finally {
    terminal.close();
  }
}

/** Gives a pidfd of a container's first process to whoever listens on a socket. @throws SyscallError */
async function handOverPidfd(path: string, pid: number): Promise<void> {
  const fd = call(`open pidfd of ${String(pid)}`, () => addon.pidfdOpen({ pid, flags: 0 }));
  try {
    await sendDescriptor({ path, what: 'pidfd socket', text: String(pid), fd });
  } finally {
    closeSync(fd);
  }
}

/** Writes a pid file: whoever reads it finds nothing or all of it. @throws the error of node:fs */
function writePidFile(path: string, pid: number): void {
  const unfinished = join(dirname(path), `.${basename(path)}`);
  try {
    writeFileSync(unfinished, String(pid), { mode: 0o666 });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
