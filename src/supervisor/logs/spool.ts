import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path/posix';
import type { KeptPipe } from '../../plan/kept.js';
import { punchHole, seekData } from '../../native/holes.js';
import type { LogOwner } from './container-log.js';
import { fileCall } from '../file-call.js';
import { pipeName, spoolName } from './names.js';
import { OutputPipe } from './output-pipe.js';
import { readAt } from './read-at.js';
import type { StreamName } from './record.js';
import type { LogSource } from './source.js';
import { openForAppending } from './streams.js';

const MIB = 1024 * 1024;

/** While more than that is not in the log, the pipe is left alone, and who writes into it waits. */
const MANY_BYTES = 16 * MIB;

/** Holes begin and end where blocks do. */
const BLOCK_BYTES = 4096;

/** The container's end of a pipe, and what its init is to hold of it; whoever has asked for them closes them. */
export interface SpoolEnds extends KeptPipe {
  readonly container: number;
}

/**
 * The output of a stream on its way into the log: a pipe that the container writes into, and a file that it is moved to by the
 * kernel, so that it is always in one of the two, and in one only.
 */
export class Spool implements LogSource {
  readonly stream: StreamName;
  readonly unfinished = 'wait';
  readonly path: string;
  readonly #pipePath: string;
  #pipe: OutputPipe | undefined;
  #fd: number | undefined;
  /** Up to there the file is a hole. */
  #punched = 0;
  #makesHoles = true;
  #isFirstLook = true;

  /** Makes the file, unless it is there, for this user alone, and opens the pipe of a run that goes on. @throws SyscallError */
  constructor(directory: string, stream: StreamName) {
    this.stream = stream;
    this.path = join(directory, spoolName(stream));
    this.#pipePath = join(directory, pipeName(stream));
    closeSync(openForAppending(this.path));
    this.#pipe = OutputPipe.open(this.#pipePath);
  }

  /** Makes the pipe for a new run. @param take - is given each descriptor that is opened @throws SyscallError */
  connect(owner: LogOwner | undefined, take: (fd: number) => number): SpoolEnds {
    this.#pipe?.[Symbol.dispose]();
    this.#pipe = undefined;
    const pipe = OutputPipe.make(this.#pipePath, owner);
    this.#pipe = pipe;
    return {
      container: take(pipe.openForWriting()),
      pipe: take(pipe.openForReading()),
      spool: take(fileCall(`open ${this.path}`, () => openSync(this.path, constants.O_WRONLY))),
    };
  }

  /**
   * Moves what is in the pipe into the file, unless too much of that is not in the log yet.
   *
   * @param end - what is in the log ends there
   * @returns how many bytes; `undefined` where the container's init is doing the same
   * @throws SyscallError
   */
  pull(end: number, maxUnread = MANY_BYTES): number | undefined {
    if (this.#pipe === undefined) return 0;
    const fd = this.#open();
    // One that has become shorter is first to be looked at: what is behind its new end would seem to be in the log.
    const unread = fstatSync(fd).size - end;
    return unread < 0 || unread > maxUnread ? 0 : this.#pipe.moveTo({ fd, path: this.path });
  }

  /** Calls back once, when there is something in the pipe. */
  whenReady(onReady: () => void): void {
    this.#pipe?.whenReady(onReady);
  }

  /** Takes the pipe away: all of it is in the file, and there is nobody who could write. @throws SyscallError */
  removePipe(): void {
    this.#pipe?.remove();
    this.#pipe = undefined;
  }

  look(end: number): { readonly start: number; readonly size: number } {
    const fd = this.#open();
    const { size } = fstatSync(fd);
    // Whoever has emptied it after a run has died before saying so.
    let start = size < end ? 0 : end;
    // What an earlier supervisor has taken out of it, if the log was put back since.
    if (this.#isFirstLook) start = seekData({ fd, path: this.path }, start) ?? size;
    this.#isFirstLook = false;
    if (start !== end) this.#punched = 0;
    return { start, size };
  }

  read(start: number, into: Buffer): Buffer {
    return fileCall(`read ${this.path}`, () => readAt(this.#open(), start, into));
  }

  release(end: number): void {
    const hole = Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES;
    if (!this.#makesHoles || hole - this.#punched < MIB) return;
    this.#makesHoles = this.#punch(hole);
    this.#punched = hole;
  }

  empty(end: number): boolean {
    const fd = this.#open();
    if (fstatSync(fd).size !== end) return false;
    fileCall(`truncate ${this.path}`, () => {
      ftruncateSync(fd, 0);
    });
    this.#punched = 0;
    return true;
  }

  rest(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Closes the pipe, too. The next one who opens it finds in it what is in it now, if the container's init holds it. */
  close(): void {
    this.rest();
    this.#pipe?.[Symbol.dispose]();
    this.#pipe = undefined;
  }

  #open(): number {
    this.#fd ??= fileCall(`open ${this.path}`, () => openSync(this.path, 'r+'));
    return this.#fd;
  }

  /** @returns `false` where there can be no holes, for whichever reason: they save room, and nothing depends on them */
  #punch(end: number): boolean {
    try {
      return punchHole({ fd: this.#open(), path: this.path }, this.#punched, end - this.#punched);
    } catch {
      return false;
    }
  }
}
