import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path/posix';
import type { LogPolicy } from '../types.js';
import { fileCall, toFileError } from '../file-call.js';
import { NEXT, jsonName } from './names.js';
import { type Positions, encodeMark, parseLogLine, positionsAfter } from './record.js';
import { listJsonFiles, recoverJsonLog } from './recover.js';
import { planRotation } from './rotation.js';

/** How many files there are at most where the policy has a size and no number. */
const DEFAULT_MAX_FILES = 5;

/** After so many bytes there is a mark, so that whoever comes next has no more than that to read. */
const MARK_EVERY = 64 * 1024;

const NEWLINE = 0x0a;

/**
 * The files of a JSON log, for the one who writes it. They say themselves how far the streams are in them: whatever was written
 * last is the truth, and half a line is nothing.
 */
export class JsonLogFile {
  readonly #directory: string;
  readonly #maxSize: number;
  readonly #maxFiles: number;
  #fd: number | undefined;
  #size = 0;
  #sinceMark = 0;
  #positions: Positions;
  /** The time of the last record that a predecessor has written; `undefined` where there is none. */
  readonly lastTime: string | undefined;

  /**
   * Finds out what is in the log, and cuts off half a line at its end.
   *
   * @param directory - the container's, which is there
   * @throws SyscallError
   */
  constructor(directory: string, { maxSize, maxFiles }: Pick<LogPolicy, 'maxSize' | 'maxFiles'>) {
    this.#directory = directory;
    this.#maxSize = maxSize ?? Infinity;
    this.#maxFiles = maxSize === undefined ? 1 : (maxFiles ?? DEFAULT_MAX_FILES);
    const search = recoverJsonLog(directory);
    this.#positions = search.positions;
    this.lastTime = search.lastTime;
  }

  /** The file that is written now. */
  get path(): string {
    return this.#path(0);
  }

  /** How far the streams are in the log. */
  get positions(): Positions {
    return this.#positions;
  }

  /**
   * Adds lines. What fits before an error is in the log, and {@link positions} says how far that is.
   *
   * @param lines - whole JSON lines
   * @throws SyscallError ENOSPC and others
   */
  append(lines: Buffer): void {
    let rest = lines;
    while (rest.length > 0) {
      this.#open();
      const length = this.#fitting(rest);
      if (length === 0) this.#rotate();
      else this.#write(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    const hasRoom = this.#size + encodeMark(this.#positions).length <= this.#maxSize;
    if (this.#sinceMark >= MARK_EVERY && hasRoom) this.#mark();
  }

  /** Says that the streams are somewhere else, because their spools were emptied. @throws SyscallError */
  reset(positions: Positions): void {
    this.#open();
    this.#positions = positions;
    if (this.#size + encodeMark(positions).length > this.#maxSize) this.#rotate();
    else this.#mark();
  }

  /** Closes the descriptor until more is written. */
  rest(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): void {
    if (this.#fd !== undefined) return;
    const path = this.#path(0);
    this.#fd = fileCall(`open ${path}`, () => openSync(path, 'a', 0o600));
    // It may be new, or have been emptied by somebody who wanted room.
    this.#size = fstatSync(this.#fd).size;
    try {
      if (this.#size === 0) this.#mark();
    } catch (error) {
      this.rest();
      throw error;
    }
  }

  /** How much of the lines goes into the file that is open; 0 when it is full. */
  #fitting(lines: Buffer): number {
    const room = this.#maxSize - this.#size;
    if (lines.length <= room) return lines.length;
    const length = room > 0 ? lines.lastIndexOf(NEWLINE, room - 1) + 1 : 0;
    // A line that is longer than a file may be is alone in its own.
    return length === 0 && this.#size <= encodeMark(this.#positions).length ? lines.indexOf(NEWLINE) + 1 : length;
  }

  #mark(): void {
    this.#write(encodeMark(this.#positions));
  }

  #write(lines: Buffer): void {
    const fd = this.#fd ?? -1;
    let written = 0;
    try {
      while (written < lines.length) written += writeSync(fd, lines, written);
    } catch (error) {
      const whole = written === 0 ? 0 : lines.lastIndexOf(NEWLINE, written - 1) + 1;
      if (whole < written) ftruncateSync(fd, this.#size + whole);
      this.#note(lines.subarray(0, whole));
      throw toFileError(error, `write ${this.#path(0)}`);
    }
    this.#note(lines);
  }

  #note(lines: Buffer): void {
    if (lines.length === 0) return;
    this.#size += lines.length;
    this.#sinceMark += lines.length;
    const start = lines.length < 2 ? 0 : lines.lastIndexOf(NEWLINE, lines.length - 2) + 1;
    const last = parseLogLine(lines.subarray(start, lines.length - 1));
    if (last === undefined) return;
    if ('mark' in last) this.#sinceMark = 0;
    this.#positions = positionsAfter(this.#positions, last);
  }

  // At every moment of it there is a file that says how far the streams are.
  #rotate(): void {
    const { remove, renames } = planRotation(listJsonFiles(this.#directory), this.#maxFiles);
    // First: it is what makes room.
    for (const index of remove)
      fileCall(`remove ${this.#path(index)}`, () => rmSync(this.#path(index), { force: true }));
    const next = join(this.#directory, NEXT);
    fileCall(`write ${next}`, () => writeFileSync(next, encodeMark(this.#positions), { mode: 0o600 }));
    fileCall(`rotate ${this.path}`, () => {
      for (const [from, to] of renames) renameSync(this.#path(from), this.#path(to));
      renameSync(next, this.path);
    });
    this.#sinceMark = 0;
    this.rest();
  }

  #path(index: number): string {
    return join(this.#directory, jsonName(index));
  }
}
