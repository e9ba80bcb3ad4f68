import type { ClientRequest, IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { type EncodedBytes, decodeBytes } from '../api/output.js';

/** Returns a stream whose bytes are sent as the body of a request, at the pace of who reads it. */
export function bodyStream(request: ClientRequest, onDestroy: () => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (request.destroyed || request.writableEnded) done();
      else request.write(chunk, () => done());
    },
    final(done) {
      request.end(() => done());
    },
    destroy(error, done) {
      onDestroy();
      done(error);
    },
  });
}

/** A stream of output that makes its source wait for its reader. */
export class OutputStream extends PassThrough {
  constructor() {
    // As much as a pipe holds.
    super({ highWaterMark: 64 * 1024 });
  }

  /** Adds to it, and waits while nobody reads; once nobody wants it any more, it is dropped. */
  async add(data: EncodedBytes): Promise<void> {
    if (this.destroyed || this.writableEnded) return;
    if (this.write(decodeBytes(data))) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.off('drain', go);
        this.off('close', go);
        resolve();
      };
      this.on('drain', go);
      this.on('close', go);
    });
  }
}

/** Closes a connection, whatever is still to come of it. */
export function hangUp({
  answer,
  request,
}: {
  readonly answer: IncomingMessage;
  readonly request: ClientRequest;
}): void {
  answer.destroy();
  request.destroy();
}
