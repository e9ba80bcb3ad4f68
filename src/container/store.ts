import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ContainerError } from '../errors/container-error.js';
import { AlreadyExistsError, NotFoundError } from '../errors/state-errors.js';
import { addon } from '../native/addon.js';
import { isMissingFile } from '../util/missing.js';
import { checkName } from '../spec/parse/name.js';
import type { State } from './state.js';

/** Directories that are being made start with this; no container's name does. */
const UNFINISHED = '.new-';

/**
 * The state directories of one user's containers: one directory each, named by the container.
 *
 * Whoever owns a container holds an exclusive flock(2) on its directory. The kernel drops the lock with the process, so
 * "can be locked" means "its owner is dead", without a race and without trusting a pid.
 */
export class Store {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes and locks a container's directory, with its first state in it: it appears under its name whole or not at all.
   *
   * @throws AlreadyExistsError when the name is taken
   */
  create(state: State): OwnedDirectory {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#checkTrust();
    const path = join(this.directory, state.id);
    const { unfinished, lockFd } = this.#makeLocked();
    try {
      writeFileSync(join(unfinished, 'state.json'), JSON.stringify(state), { mode: 0o600 });
      renameSync(unfinished, path);
    } catch (error) {
      closeSync(lockFd);
      rmSync(unfinished, { recursive: true, force: true });
      throw isTaken(error) ? this.#taken(state.id) : error;
    }
    return new OwnedDirectory(path, lockFd);
  }

  // Between the making and the locking, a `prune` that comes by takes the directory for one that a crash has left.
  #makeLocked(): { readonly unfinished: string; readonly lockFd: number } {
    for (;;) {
      const unfinished = mkdtempSync(join(this.directory, UNFINISHED));
      const lockFd = openIfPresent(unfinished);
      if (lockFd === undefined) continue;
      if (addon.flock({ fd: lockFd, operation: 'exclusive' }) && existsSync(unfinished)) return { unfinished, lockFd };
      closeSync(lockFd);
    }
  }

  // In /tmp, somebody else may have made it first: who can write there could put another cgroup into a state to kill.
  #checkTrust(): void {
    const { uid, mode } = lstatSync(this.directory);
    if (uid === process.geteuid?.() && (mode & 0o170022) === 0o040000) return;
    throw new ContainerError(
      `use ${this.directory}: it is not a directory that this user alone can write`,
      'ERR_STATE_DIR',
      {
        hint: 'choose another with --state-dir, or stateDir in the library',
      },
    );
  }

  #taken(id: string): AlreadyExistsError {
    return new AlreadyExistsError(id, {
      hint: 'choose another name; corral prune clears away containers whose owner has died',
    });
  }

  /** Returns a container's state. @throws NotFoundError */
  get(id: string): State {
    const state = this.read(checkName(id, 'container'));
    if (state === undefined) throw new NotFoundError(id);
    return state;
  }

  /** Returns a container's state, or `undefined` when there is none of that name. */
  read(id: string): State | undefined {
    // Whose creation has died there may be torn, and nothing but the directory had been made.
    if (id.startsWith(UNFINISHED)) return undefined;
    try {
      return JSON.parse(readFileSync(join(this.directory, id, 'state.json'), 'utf8')) as State;
    } catch (error) {
      if (isMissingFile(error)) return undefined;
      if (error instanceof SyntaxError) throw unreadable(join(this.directory, id), error);
      throw error;
    }
  }

  /** Returns the states of all containers, by name. */
  list(): readonly State[] {
    return this.names()
      .filter((name) => !name.startsWith(UNFINISHED))
      .flatMap((name) => this.#readOrWarn(name) ?? []);
  }

  // A list with one broken entry is worth more than none.
  #readOrWarn(name: string): State | undefined {
    try {
      return this.read(name);
    } catch (error) {
      if (!(error instanceof ContainerError)) throw error;
      process.emitWarning(error.message, { code: error.code });
      return undefined;
    }
  }

  /** Lists the directories, those of crashed creations included. */
  names(): readonly string[] {
    try {
      return readdirSync(this.directory).sort();
    } catch (error) {
      if (isMissingFile(error)) return [];
      throw error;
    }
  }

  /**
   * Takes over the directory of a container whose owner is dead.
   *
   * @returns `undefined` when the owner lives, or the directory is gone
   */
  claim(name: string): OwnedDirectory | undefined {
    const path = join(this.directory, name);
    const lockFd = openIfPresent(path);
    if (lockFd === undefined) return undefined;
    // The owner may have removed it, and somebody else taken the name, between the opening and the locking.
    if (addon.flock({ fd: lockFd, operation: 'exclusive' }) && isStillAt(path, lockFd)) {
      return new OwnedDirectory(path, lockFd);
    }
    closeSync(lockFd);
    return undefined;
  }
}

/** A state directory that this process has locked. */
export class OwnedDirectory {
  readonly path: string;
  readonly #lockFd: number;

  constructor(path: string, lockFd: number) {
    this.path = path;
    this.#lockFd = lockFd;
  }

  /** The path of one of the directory's files. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Replaces state.json in one step: a reader sees the old or the new one. */
  write(state: State): void {
    writeFileSync(this.file('state.json.new'), JSON.stringify(state), { mode: 0o600 });
    renameSync(this.file('state.json.new'), this.file('state.json'));
  }

  /** Removes the directory and gives up the lock. */
  remove(): void {
    if (isStillAt(this.path, this.#lockFd)) removeDirectory(this.#giveUpName());
    closeSync(this.#lockFd);
  }

  // Under its own name it would, once empty, be open to the next container of that name, whose state would then be removed.
  #giveUpName(): string {
    const { ino } = fstatSync(this.#lockFd);
    const nameless = join(dirname(this.path), `${UNFINISHED}${String(process.pid)}-${String(ino)}`);
    renameSync(this.path, nameless);
    return nameless;
  }

  /** Gives up the lock, and leaves the directory. */
  release(): void {
    closeSync(this.#lockFd);
  }
}

/**
 * Returns where the caller's containers are kept: `/run/corral` for root, else `$XDG_RUNTIME_DIR/corral`.
 *
 * @param given - a directory that the caller chose
 */
export function stateDirectory(given: string | undefined, uid: number, env: NodeJS.ProcessEnv): string {
  if (given !== undefined) return given;
  const runtime = env['XDG_RUNTIME_DIR'];
  if (uid === 0) return '/run/corral';
  // The specification of XDG_RUNTIME_DIR has relative paths ignored.
  return !runtime?.startsWith('/') ? `/tmp/corral-${String(uid)}` : `${runtime}/corral`;
}

/** Tells whether the directory that was opened is the one that has the name. */
function isStillAt(path: string, fd: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

function openIfPresent(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

function unreadable(path: string, cause: unknown): ContainerError {
  return new ContainerError(`read ${path}/state.json: it is no JSON`, 'ERR_STATE_FILE', {
    hint: `corral did not write that: kill what is in the cgroup of that name, and remove ${path}`,
    cause,
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}

function removeDirectory(path: string): void {
  if (removeQuickly(path)) return;
  // Whoever killed the container may be leaving its last figures in the directory, two files at most, while it goes.
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (!isTaken(error) || attempt === REMOVE_ATTEMPTS) throw error;
    }
  }
}

const REMOVE_ATTEMPTS = 10;

// Nearly always state.json is all there is: then a look into the directory would be half of the cost.
function removeQuickly(path: string): boolean {
  try {
    unlinkSync(join(path, 'state.json'));
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
