import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { type OutputStream, encodeBytes } from './output.js';
import { send, sendLine } from './writing.js';

/** How the output of an exec or an attachment is written: as JSON lines, or as it is. */
export class OutputWriter {
  readonly #outgoing: ServerResponse;
  readonly #raw: boolean;

  constructor(outgoing: ServerResponse, raw: boolean) {
    this.#outgoing = outgoing;
    this.#raw = raw;
  }

  /** Writes what is said about the output; nothing where that is written as it is. */
  async line(value: object): Promise<boolean> {
    return this.#raw || sendLine(this.#outgoing, value);
  }

  /** Writes a piece of output, and waits while the client does not read. @returns `false` when it has gone */
  piece(stream: OutputStream, data: Uint8Array): Promise<boolean> {
    return this.#raw ? send(this.#outgoing, data) : sendLine(this.#outgoing, { [stream]: encodeBytes(data) });
  }

  /** Writes all that comes out of a stream, at the client's pace. */
  async all(stream: OutputStream, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      // The one who has gone has ended the source as well: it is read to its end.
      for await (const chunk of chunks) await this.piece(stream, chunk);
    } catch (error) {
      // A stream that was destroyed, with its process or by it: its end is told by the exit.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
    }
  }
}

/**
 * Passes a body on to an input, at the pace of that.
 *
 * @param ends - the input ends where the body does
 */
export function pumpInput(incoming: IncomingMessage, input: Writable | null, ends: boolean): void {
  if (input === null) {
    incoming.resume();
    return;
  }
  input.on('error', () => {
    // Nobody reads it any more; the rest of the body goes nowhere.
    incoming.unpipe(input);
    incoming.resume();
  });
  incoming.pipe(input, { end: ends });
}

/** Ends an answer, and the connection with it: its body may still be coming. */
export async function endWithConnection(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return;
  await new Promise<void>((resolve) => {
    outgoing.once('close', resolve);
    outgoing.end(resolve);
  });
  // Node closes it when the body is whole; whoever types it may never end it.
  if (!outgoing.req.complete) outgoing.socket?.end();
}
