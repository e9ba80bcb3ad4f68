import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogOwner, LogStreams } from './container-log.js';
import type { Positions } from './record.js';
import { Spool } from './spool.js';

/** Moved that much at a time, a pipe may be full again already. */
const MUCH = 16 * 1024;

/** So long another one may hold the lock of a spool. */
const PAUSE_MS = 2;

/** Both streams of a container without terminal. */
export class Spools {
  readonly #stdout: Spool;
  readonly #stderr: Spool;
  readonly all: readonly Spool[];

  /** @throws SyscallError */
  constructor(directory: string) {
    this.#stdout = new Spool(directory, 'stdout');
    this.#stderr = new Spool(directory, 'stderr');
    this.all = [this.#stdout, this.#stderr];
  }

  /** Makes the pipes for a new run. @throws SyscallError */
  connect(owner: LogOwner | undefined): LogStreams {
    const fds: number[] = [];
    const take = (fd: number): number => {
      fds.push(fd);
      return fd;
    };
    const close = (): void => {
      for (const fd of fds.splice(0)) closeSync(fd);
    };
    try {
      const stdout = this.#stdout.connect(owner, take);
      const stderr = this.#stderr.connect(owner, take);
      return { stdout: stdout.container, stderr: stderr.container, kept: { stdout, stderr }, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /**
   * Moves what is in the pipes into the files. Where that fails, what is there already can be logged all the same, which makes room.
   *
   * @returns whether there may be more at once, and what went wrong
   */
  pull(positions: Positions): { readonly hasMore: boolean; readonly error?: unknown } {
    let hasMore = false;
    try {
      for (const spool of this.all) if ((spool.pull(positions[spool.stream].end) ?? 0) >= MUCH) hasMore = true;
      return { hasMore };
    } catch (error) {
      return { hasMore, error };
    }
  }

  /** Moves all that is in the pipes, however much: nobody writes any more. @returns what went wrong */
  async pullAll(positions: Positions): Promise<unknown> {
    try {
      for (const spool of this.all) await pullAll(spool, positions[spool.stream].end);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Calls back once there is something in one of the pipes; perhaps for both. */
  whenReady(onReady: () => void): void {
    for (const spool of this.all) spool.whenReady(onReady);
  }

  /** Takes the pipes away. @throws SyscallError */
  removePipes(): void {
    for (const spool of this.all) spool.removePipe();
  }

  /** Closes the pipes, which stay. */
  close(): void {
    for (const spool of this.all) spool.close();
  }
}

async function pullAll(spool: Spool, end: number): Promise<void> {
  for (;;) {
    const moved = spool.pull(end, Infinity);
    if (moved === 0) return;
    // Somebody else has the lock.
    if (moved === undefined) await delay(PAUSE_MS);
  }
}
