import { chmodSync, constants, fchownSync, openSync, rmSync } from 'node:fs';
import { type FdWatch, watchReady } from '../../native/fd-watch.js';
import { Fd } from '../../native/fd.js';
import { enlargePipe, makeFifo, movePipe } from '../../native/pipes.js';
import { isMissingFile } from '../../util/missing.js';
import type { LogOwner } from './container-log.js';
import { fileCall } from '../file-call.js';

/** So much it holds while nobody reads, where the user may have pipes of that size; pipe(7). */
const PIPE_BYTES = 1024 * 1024;

/** Whoever has a descriptor of it may open it for writing, and nobody else comes to it: its directory is closed to others. */
const MODE = 0o622;

/**
 * The FIFO that a container writes a stream into, and this end of it. It has a name so that the next supervisor finds it. It does
 * not keep the process alive.
 */
export class OutputPipe implements Disposable {
  readonly path: string;
  readonly #fd: Fd;
  #watch: FdWatch | undefined;

  private constructor(path: string) {
    this.path = path;
    // For writing, too: so it never is at its end, which poll(2) would tell again and again. Nothing is ever written to it.
    this.#fd = new Fd(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
  }

  /** Opens the one of a run that goes on. @returns `undefined` when there is none @throws SyscallError */
  static open(path: string): OutputPipe | undefined {
    try {
      return new OutputPipe(path);
    } catch (error) {
      if (isMissingFile(error)) return undefined;
      return fileCall(`open ${path}`, () => {
        throw error;
      });
    }
  }

  /** Makes one for a new run; who still has the one before it does not get into this one. @throws SyscallError */
  static make(path: string, owner: LogOwner | undefined): OutputPipe {
    fileCall(`remove ${path}`, () => {
      rmSync(path, { force: true });
    });
    makeFifo(path);
    const pipe = fileCall(`open ${path}`, () => new OutputPipe(path));
    try {
      fileCall(`change mode of ${path}`, () => {
        chmodSync(path, MODE);
      });
      const fd = pipe.#fd.number;
      if (owner !== undefined) {
        fileCall(`change owner of ${path}`, () => {
          fchownSync(fd, owner.uid, owner.gid);
        });
      }
      enlargePipe({ fd, path }, PIPE_BYTES);
      return pipe;
    } catch (error) {
      pipe[Symbol.dispose]();
      throw error;
    }
  }

  /** Opens the other end, which the container is to have. @returns a descriptor, the caller's @throws SyscallError */
  openForWriting(): number {
    return fileCall(`open ${this.path}`, () => openSync(this.path, constants.O_WRONLY));
  }

  /** Opens this end once more, for the init of the container. @returns a descriptor, the caller's @throws SyscallError */
  openForReading(): number {
    return fileCall(`open ${this.path}`, () => openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK));
  }

  /** Moves what is in it to the end of a file, as {@link movePipe}. @throws SyscallError */
  moveTo(file: { readonly fd: number; readonly path: string }): number | undefined {
    return movePipe(this.#fd.number, file, PIPE_BYTES);
  }

  /** Calls back once, when there is something in it. */
  whenReady(onReady: () => void): void {
    this.#watch ??= watchReady(
      this.#fd.number,
      'readable',
      () => {
        this.#unwatch();
        onReady();
      },
      { ref: false },
    );
  }

  /** Removes its name, and closes it. @throws SyscallError */
  remove(): void {
    this[Symbol.dispose]();
    fileCall(`remove ${this.path}`, () => {
      rmSync(this.path, { force: true });
    });
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#fd.close();
  }

  #unwatch(): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }
}
