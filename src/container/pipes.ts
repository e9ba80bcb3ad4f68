import type { Readable, Writable } from 'node:stream';
import type { StreamOption, StreamOptions } from './streams.js';

/** The stream options of one call, each with the type of its own value. */
export interface PipeOptions<
  In extends StreamOption,
  Out extends StreamOption,
  Err extends StreamOption,
> extends StreamOptions {
  readonly stdin?: In;
  readonly stdout?: Out;
  readonly stderr?: Err;
}

/** The streams that a handle has after a call with these options: those that are pipes. */
export interface Pipes<In extends StreamOption, Out extends StreamOption, Err extends StreamOption> {
  readonly stdin: PipeEnd<In, Writable>;
  readonly stdout: PipeEnd<Out, Readable>;
  readonly stderr: PipeEnd<Err, Readable>;
}

/** Decides for each member of a union: where the option may be `pipe`, there may be a stream. */
type PipeEnd<Option extends StreamOption, Stream> = Option extends 'pipe' ? Stream : null;
