import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { ContainerError } from '../errors/container-error.js';
import { addon } from '../native/addon.js';
import { isMissingFile } from '../util/missing.js';
import type { ContainerResult } from './result.js';
import { type State, type StateChange, applyChange } from './state.js';
import { parseJson } from '../spec/config/json.js';
import { formatJson } from '../util/json.js';

/**
 * A state file: JSON documents, one a line, of which later ones add to earlier ones. It is only ever appended to, a line with
 * one write(2), so that a reader sees a state whole; and a container's life costs no more than one file made and removed.
 */
export const STATE_SUFFIX = '.state';

/** Returns where the report page of a container is that may outlive its owner. @param path - of its state file */
export function reportPath(path: string): string {
  return `${path.slice(0, -STATE_SUFFIX.length)}.report`;
}

/** Returns where the FIFO is at which a container waits for its start. @param path - of its state file */
export function startPath(path: string): string {
  return `${path.slice(0, -STATE_SUFFIX.length)}.start`;
}

/** Reads the text of a state file. @param path - for the error @returns `undefined` while its creation is under way, or when that has died */
function parseState(text: string, path: string): State | undefined {
  const end = text.lastIndexOf('\n');
  if (end < 0) return undefined;
  try {
    const lines = text.slice(0, end).split('\n');
    const changes = lines.flatMap((line, index) => parseLine(line, index === 0));
    return changes.reduce<Partial<State>>(applyChange, {}) as State;
  } catch (error) {
    throw new ContainerError(`read ${path}: it is no JSON`, 'ERR_STATE_FILE', {
      hint: `corral did not write that: kill what is in the cgroup of that name, and remove ${path}`,
      cause: error,
    });
  }
}

// Whoever died in the middle of adding to it has left half a line. The first one is the state itself.
function parseLine(line: string, isFirst: boolean): readonly StateChange[] {
  try {
    return [parseJson(line) as StateChange];
  } catch (error) {
    if (isFirst) throw error;
    return [];
  }
}

/** Reads a state file. @returns `undefined` when there is none, or none yet */
export function readStateFile(path: string): State | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : parseState(text, path);
}

/** Reads state files again and again: what a file said is parsed once, as long as it says the same. */
export class StateReader {
  #known: ReadonlyMap<string, Known> = new Map();

  /**
   * Reads some state files.
   *
   * @param paths - what was known of others is forgotten
   * @param readOne - reads one by the given function, which throws as {@link readStateFile} does
   */
  readAll(
    paths: readonly string[],
    readOne: (path: string, read: (path: string) => State | undefined) => State | undefined,
  ): readonly State[] {
    const next = new Map<string, Known>();
    const read = (path: string): State | undefined => {
      const text = readIfThere(path);
      if (text === undefined) return undefined;
      const before = this.#known.get(path);
      const known = before?.text === text ? before : { text, state: parseState(text, path) };
      next.set(path, known);
      return known.state;
    };
    const states = paths.flatMap((path) => readOne(path, read) ?? []);
    this.#known = next;
    return states;
  }
}

interface Known {
  readonly text: string;
  readonly state: State | undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** Adds to a state file that somebody else owns; nothing happens when it is gone, or another container's by now. */
export function addToStateFile(path: string, change: StateChange, isMeant: (state: State) => boolean): void {
  const fd = openIfPresent(path);
  if (fd === undefined) return;
  try {
    const state = parseState(readFileSync(fd, 'utf8'), path);
    if (state !== undefined && isMeant(state)) writeLine(fd, change);
  } finally {
    closeSync(fd);
  }
}

/**
 * The state file of a container whose owner this process is: it holds an exclusive flock(2) on it. The kernel drops the lock
 * with the process, so "can be locked" means "its owner is dead", without a race and without trusting a pid.
 */
export class OwnedState {
  readonly #path: string;
  readonly #fd: number;
  /** There are files beside it that go with it. */
  #hasCompanions: boolean;
  /** How much of the file this process has written: if it is longer, others have added to it. */
  #written = 0;
  /** Its number may be another file's by now. */
  #isClosed = false;

  private constructor(path: string, fd: number, hasCompanions: boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#hasCompanions = hasCompanions;
  }

  /**
   * Makes and locks a state file.
   *
   * @param path - absolute
   * @throws the error of node:fs: EEXIST when the name is taken
   */
  static create(path: string, state: State): OwnedState {
    for (;;) {
      const { O_CREAT, O_EXCL, O_RDWR, O_APPEND } = constants;
      const fd = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_APPEND, 0o600);
      const owned = new OwnedState(path, fd, false);
      try {
        // Between the making and the locking, a `prune` that comes by takes the file for one that a crash has left.
        if (!addon.flock({ fd, operation: 'exclusive' }) || fstatSync(fd).nlink === 0) {
          closeSync(fd);
          continue;
        }
        owned.update(state);
        return owned;
      } catch (error) {
        owned.remove();
        throw error;
      }
    }
  }

  /** Takes over the file of an owner that is dead. @returns `undefined` when it lives, or the file is gone */
  static claim(path: string): OwnedState | undefined {
    const fd = openIfPresent(path);
    if (fd === undefined) return undefined;
    // The owner may have removed it, and somebody else taken the name, between the opening and the locking.
    if (addon.flock({ fd, operation: 'exclusive' }) && isStillAt(path, fd)) return new OwnedState(path, fd, true);
    closeSync(fd);
    return undefined;
  }

  /** Where the report page is kept for whoever comes after this owner; it is removed with the state. */
  useReportFile(): string {
    this.#hasCompanions = true;
    return reportPath(this.#path);
  }

  /** Where the container waits for its start; it is removed with the state. */
  useStartFile(): string {
    this.#hasCompanions = true;
    return startPath(this.#path);
  }

  /** Adds to the state. */
  update(change: StateChange): void {
    this.#written += writeLine(this.#fd, change);
  }

  /** Tells whether others have added to it; nobody has once it is gone. */
  get hasAdditions(): boolean {
    return !this.#isClosed && fstatSync(this.#fd).size > this.#written;
  }

  /** Returns the state with what others have added; `undefined` once it is gone. */
  read(): State | undefined {
    return this.#isClosed ? undefined : readOpenState(this.#fd, this.#path);
  }

  /**
   * Removes the file, unless somebody has, and gives up the lock.
   *
   * @param tell - returns how the container ended, for those who wait for its end; called only if there are any
   */
  remove(tell?: () => ContainerResult): void {
    // Somebody else may have the name by now.
    if (fstatSync(this.#fd).nlink > 0) {
      if (this.#hasCompanions) for (const of of [reportPath, startPath]) rmSync(of(this.#path), { force: true });
      unlinkSync(this.#path);
    }
    // After that: whoever comes later sees that it is too late.
    if (tell !== undefined && this.hasAdditions) writeLine(this.#fd, { ending: tell() });
    this.release();
  }

  /** Gives up the lock, and leaves the file. */
  release(): void {
    this.#isClosed = true;
    closeSync(this.#fd);
  }
}

/** Adds a line to a state file. @returns its length in bytes */
export function writeLine(fd: number, change: StateChange): number {
  // Never behind half a line that somebody has left.
  const line = Buffer.from(`${isCut(fd) ? '\n' : ''}${formatJson(change)}\n`);
  writeFileSync(fd, line);
  return line.length;
}

function isCut(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

/** Reads an open state file. @param path - for the error @returns `undefined` while nothing whole is in it */
export function readOpenState(fd: number, path: string): State | undefined {
  const text = Buffer.alloc(fstatSync(fd).size);
  return parseState(text.toString('utf8', 0, readSync(fd, text, 0, text.length, 0)), path);
}

/** Opens a state file to read it and to add to it. @returns `undefined` when there is none */
export function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** Tells whether the file that was opened is the one that has the name. */
function isStillAt(path: string, fd: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}
