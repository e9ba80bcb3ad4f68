import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';

/** What fits into sockaddr_un, unix(7), with the NUL byte behind it. */
const MOST = 108;

/** Where a supervisor listens: a path of any length. */
export class SocketAddress implements Disposable {
  readonly path: string;
  #directory: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Returns a path to connect to, which is good until {@link SocketAddress.refresh}.
   *
   * @throws an error of Node's where its directory is missing
   */
  short(): string {
    if (Buffer.byteLength(this.path) < MOST) return this.path;
    // Through its directory's descriptor every path is short.
    this.#directory ??= openSync(dirname(this.path), constants.O_RDONLY | constants.O_DIRECTORY);
    return `/proc/self/fd/${String(this.#directory)}/${basename(this.path)}`;
  }

  /** Looks for its directory anew the next time. */
  refresh(): void {
    if (this.#directory !== undefined) closeSync(this.#directory);
    this.#directory = undefined;
  }

  [Symbol.dispose](): void {
    this.refresh();
  }
}
