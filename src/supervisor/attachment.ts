import type { Writable } from 'node:stream';
import type { TerminalSize } from '../spec/options.js';

/** A connection with the streams or the terminal of a container that runs. Closing it changes nothing in the container. */
export interface Attachment extends Disposable {
  /** What is written to it is typed into the terminal, or its standard input; `null` where that is not open. */
  readonly stdin: Writable | null;
  /** What it shows, or writes, from now on. Standard output and error are told apart where the log does. */
  readonly output: AsyncIterable<{ readonly data: Uint8Array; readonly stream?: 'stdout' | 'stderr' }>;
  /** It has a terminal. */
  readonly terminal: boolean;
  /** Changes the size of the terminal; without one it does nothing. */
  resize(size: TerminalSize): void;
}
