import type { Duplex, Readable, Writable } from 'node:stream';
import type { ProcessResult } from '../container/result.js';
import type { TerminalSize } from '../spec/options.js';

/** A terminal that somebody else may hold: see {@link Terminal}. */
export interface TerminalStream extends Duplex {
  /** Changes its size. @throws OptionError for a size that is none */
  resize(size: TerminalSize): void;
}

/** A further process of a supervised container, wherever its caller is. {@link ExecProcess} is one. */
export interface SupervisedExec extends AsyncDisposable {
  /** In the supervisor's pid namespace. */
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly terminal: TerminalStream | null;
  /** What this container could not give in full, in words. */
  readonly notes: readonly string[];
  /** How it ended; settles when nothing that it started is left. */
  readonly exited: Promise<ProcessResult>;
  /** Sends a signal to the process. @returns `false` when it has ended already */
  signal(signal: string | number): boolean | Promise<boolean>;
  /** Kills the process and all that it started, and nothing else of the container. */
  kill(): Promise<unknown>;
}
