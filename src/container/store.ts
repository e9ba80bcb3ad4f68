import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ContainerError } from '../errors/container-error.js';
import { AlreadyExistsError, NotFoundError } from '../errors/state-errors.js';
import { checkName } from '../spec/parse/name.js';
import { isMissingFile } from '../util/missing.js';
import { AwaitedState } from './awaited-state.js';
import { makeOwnDirectory } from './own-directory.js';
import type { State, StateChange } from './state.js';
import { addToStateFile, OwnedState, readStateFile, STATE_SUFFIX, StateReader } from './state-file.js';

/** The states of one user's containers: a file each, named by the container. */
export class Store {
  readonly directory: string;
  readonly #check: (id: string) => string;
  readonly #reader = new StateReader();

  /** @param check - what an id is checked by; throws OptionError */
  constructor(directory: string, check: (id: string) => string = (id) => checkName(id, 'container')) {
    this.directory = directory;
    this.#check = check;
  }

  /**
   * Makes and locks a container's state file, with its first state in it.
   *
   * @throws AlreadyExistsError when the name is taken
   */
  create(state: State): OwnedState {
    this.#check(state.id);
    this.makeDirectory();
    try {
      return OwnedState.create(this.path(state.id), state);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      throw new AlreadyExistsError(state.id, {
        hint: 'choose another name; corral prune clears away containers whose owner has died',
      });
    }
  }

  /** Makes the directory, unless it is there. @throws ContainerError when others can write it */
  makeDirectory(): void {
    makeOwnDirectory(this.directory, 'choose another with --state-dir, or stateDir in the library');
  }

  /** Returns the path of a container's state file. */
  path(id: string): string {
    return join(this.directory, `${id}${STATE_SUFFIX}`);
  }

  /** Returns a container's state. @throws NotFoundError */
  get(id: string): State {
    const state = this.read(this.#check(id));
    if (state === undefined) throw new NotFoundError(id);
    return state;
  }

  /** Returns a container's state, or `undefined` when there is none of that name. */
  read(id: string): State | undefined {
    return readStateFile(this.path(id));
  }

  /** Returns the states of all containers, by name. @param names - which, instead of all */
  list(names: readonly string[] = this.names()): readonly State[] {
    return this.#reader.readAll(
      names.map((name) => this.path(name)),
      readOrWarn,
    );
  }

  /** Lists the names that are taken, those of crashed creations included. */
  names(): readonly string[] {
    try {
      return readdirSync(this.directory)
        .filter((file) => file.endsWith(STATE_SUFFIX))
        .map((file) => file.slice(0, -STATE_SUFFIX.length))
        .sort();
    } catch (error) {
      if (isMissingFile(error)) return [];
      throw error;
    }
  }

  /** Adds to the state of somebody else's container, if it is still the one that is meant. */
  add(id: string, change: StateChange, isMeant: (state: State) => boolean): void {
    addToStateFile(this.path(id), change, isMeant);
  }

  /** Watches the state of a container until it is gone, and asks its owner to tell how it ended. @throws NotFoundError */
  await(id: string): AwaitedState {
    const awaited = AwaitedState.open(this.path(this.#check(id)));
    if (awaited === undefined) throw new NotFoundError(id);
    return awaited;
  }

  /**
   * Takes over the state of a container whose owner is dead.
   *
   * @returns `undefined` when the owner lives, or there is no such container
   */
  claim(id: string): OwnedState | undefined {
    return OwnedState.claim(this.path(id));
  }
}

// A list with one broken entry is worth more than none.
function readOrWarn(path: string, read: (path: string) => State | undefined): State | undefined {
  try {
    return read(path);
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    process.emitWarning(error.message, { code: error.code });
    return undefined;
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

/** Returns the directory of the supervisor's socket. @param stateDir - the state directory */
export function apiDirectory(stateDir: string): string {
  return join(stateDir, 'api');
}
