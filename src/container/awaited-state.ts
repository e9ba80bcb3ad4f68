import { closeSync, fstatSync, watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { addon } from '../native/addon.js';
import type { ContainerResult } from './result.js';
import type { State } from './state.js';
import { openIfPresent, readOpenState, reportPath, writeLine } from './state-file.js';

/**
 * The state file of somebody else's container, of whose end its owner is to tell. Whoever waits adds a line to the file, and
 * the owner, when it removes a file to which others have added, adds how the container ended: those who have it open can read
 * it then. An owner for whom nobody waits does nothing for it.
 */
export class AwaitedState implements Disposable {
  /** The report page, if the container has one, is there. */
  readonly reportPath: string;
  readonly #path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.reportPath = reportPath(path);
    this.#fd = fd;
  }

  /** @returns `undefined` when there is no such file, or the container has ended already */
  static open(path: string): AwaitedState | undefined {
    const awaited = AwaitedState.openQuietly(path);
    // What is removed by now may have been too early for the line: see OwnedState.remove().
    if (awaited?.announce() === true && !awaited.isRemoved) return awaited;
    awaited?.[Symbol.dispose]();
    return undefined;
  }

  /** The same without a word to the owner: nothing may be in the file yet. @returns `undefined` when there is no such file */
  static openQuietly(path: string): AwaitedState | undefined {
    const fd = openIfPresent(path);
    return fd === undefined ? undefined : new AwaitedState(path, fd);
  }

  /** Asks the owner to tell of the end. @returns `false` when nothing whole is in the file yet */
  announce(): boolean {
    if (this.read() === undefined) return false;
    writeLine(this.#fd, { awaited: true });
    return true;
  }

  /** Its owner, or whoever cleared it away, has removed it: the name may be another container's. */
  get isRemoved(): boolean {
    return fstatSync(this.#fd).nlink === 0;
  }

  /** Returns the state as it is now. @returns `undefined` when nothing whole is in the file */
  read(): State | undefined {
    return readOpenState(this.#fd, this.#path);
  }

  /**
   * Waits until the owner has told of the end, or the file is removed and nobody will.
   *
   * @returns how it ended, if that was told; `undefined` also when the wait was aborted
   */
  async untilTold(signal: AbortSignal): Promise<ContainerResult | undefined> {
    await this.#untilChanged(() => this.isRemoved || this.read()?.ending !== undefined, signal);
    for (;;) {
      const isOver = !this.isRemoved || addon.flock({ fd: this.#fd, operation: 'shared' });
      const ending = this.read()?.ending;
      if (ending !== undefined || isOver || signal.aborted) return ending;
      // It is removed first, and told of a moment later; until then the owner holds its lock.
      await delay(1);
    }
  }

  #untilChanged(isDone: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        watcher.close();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const look = (): void => {
        if (signal.aborted || isDone()) finish();
      };
      // By descriptor: the name may be another container's by now.
      const watcher = watch(`/proc/self/fd/${String(this.#fd)}`, look);
      watcher.once('error', (error) => {
        reject(error);
        finish();
      });
      signal.addEventListener('abort', finish, { once: true });
      look();
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
