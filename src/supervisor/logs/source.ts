import type { StreamName } from './record.js';

/** Where the output of one stream is until it is in the log. */
export interface LogSource {
  readonly stream: StreamName;
  /** What becomes of a line without newline: it is left for later, or a piece of the log at once. */
  readonly unfinished: 'wait' | 'now';
  /**
   * Looks what there is.
   *
   * @param end - what is in the log ends there
   * @returns from where to where there is something to read; `start` is not `end` where bytes have gone
   * @throws SyscallError
   */
  look(end: number): { readonly start: number; readonly size: number };
  /** Reads. @param into - what is filled @returns the part of it that was filled */
  read(start: number, into: Buffer): Buffer;
  /** What was read last is in the log up to `end`, and not needed any more. */
  release(end: number): void;
  /** Throws all away, if all of it is in the log. @returns whether it did: the next byte then is at 0 */
  empty(end: number): boolean;
  /** Closes descriptors until there is more to read. */
  rest(): void;
}
