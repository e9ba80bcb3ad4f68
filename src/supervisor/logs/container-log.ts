import type { KeptOutput } from '../../plan/kept.js';

/** What the supervisor is told of a log. None of it is called after {@link ContainerLog.finish} or {@link ContainerLog.close}. */
export interface LogEvents {
  /**
   * More than 1 MiB of what a terminal has shown is not in the log yet: it is not to be read until {@link onCaughtUp}. A container
   * without terminal is never too fast: its pipes are full then.
   */
  readonly onBehind?: () => void;
  /** Most of it is in the log: 64 KiB are left at most. */
  readonly onCaughtUp?: () => void;
  /** The log cannot be written. It is tried again every second; told once, until it has worked again. */
  readonly onError?: (error: Error) => void;
}

/** How a log is opened. */
export interface LogOptions extends LogEvents {
  /** The container has a terminal: what that shows is given to {@link ContainerLog.appendTerminal}. @default false */
  readonly terminal?: boolean;
}

/** Host ids of the user of a container: only the owner of a file may open `/dev/stdout` anew. */
export interface LogOwner {
  readonly uid: number;
  readonly gid: number;
}

/** What the output of a container without terminal is connected to. */
export interface LogStreams {
  /** A descriptor, open for writing, or `ignore`: as the library's options `stdout` and `stderr` take it. */
  readonly stdout: number | 'ignore';
  /** Likewise; it may be the same. */
  readonly stderr: number | 'ignore';
  /**
   * What the container's init is to hold for as long as it lives, so that no writer gets EPIPE when this process dies; when the
   * command has ended, it moves what is in the pipes into the spools.
   */
  readonly kept?: KeptOutput;
  /** Closes the descriptors here, once the container has them. */
  readonly close: () => void;
}

/** The log of one run of a container, for the one supervisor that keeps it. It does not keep the process alive. */
export interface ContainerLog {
  /** The file that is written now; `undefined` where nothing is. */
  readonly path: string | undefined;
  /**
   * Opens what the container writes its output into, for a new run. A run that goes on needs no more than this log being open.
   *
   * @param owner - absent where the container's user is this process's
   * @throws SyscallError
   */
  openStreams(owner?: LogOwner): LogStreams;
  /** Adds what the container's terminal has shown. Where the log cannot be written it is kept in memory: see {@link LogEvents}. */
  appendTerminal(data: Uint8Array): void;
  /**
   * To be called when the run has ended, and nothing of the container is left that could write: puts all that it has written into
   * the log, the last line also without a newline, and closes this object.
   *
   * @returns once the log is whole
   * @throws SyscallError where it cannot be written; what is missing is still in the spools, for whoever opens this log next,
   *   unless there was no room for what was in the pipes
   */
  finish(): Promise<void>;
  /** Closes this object while the run may go on: whoever opens the log next goes on where it was. */
  close(): void;
}
