import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../spec/options.js';
import type { StreamOption, StreamOptions } from './streams.js';
import type { Terminal } from './terminal.js';

/** Whether there is a terminal, or how large it is. */
export type TerminalOption = boolean | TerminalSize;

/** The stream options of one call, each with the type of its own value. */
export interface PipeOptions<
  In extends StreamOption,
  Out extends StreamOption,
  Err extends StreamOption,
  Tty extends TerminalOption,
> extends StreamOptions {
  readonly stdin?: In;
  readonly stdout?: Out;
  readonly stderr?: Err;
  readonly terminal?: Tty;
}

/** The streams that a handle has after a call with these options: those that are pipes, or the terminal. */
export interface Pipes<
  In extends StreamOption,
  Out extends StreamOption,
  Err extends StreamOption,
  Tty extends TerminalOption,
> {
  readonly stdin: PipeEnd<In, Writable, Tty>;
  readonly stdout: PipeEnd<Out, Readable, Tty>;
  readonly stderr: PipeEnd<Err, Readable, Tty>;
  readonly terminal: TerminalEnd<Tty>;
}

/** Decides for each member of a union: where the option may be `pipe`, and there may be no terminal, there may be a stream. */
type PipeEnd<Option extends StreamOption, Stream, Tty extends TerminalOption> = Tty extends false
  ? Option extends 'pipe'
    ? Stream
    : null
  : null;

/** Likewise. */
type TerminalEnd<Tty extends TerminalOption> = Tty extends false ? null : Terminal;
