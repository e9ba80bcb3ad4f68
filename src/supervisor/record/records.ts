import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path/posix';
import { makeOwnDirectory } from '../../container/own-directory.js';
import { AlreadyExistsError } from '../../errors/state-errors.js';
import { checkName } from '../../spec/parse/name.js';
import { isMissingFile } from '../../util/missing.js';
import { fileCall, toFileError } from '../file-call.js';
import type { ContainerRecord } from './record.js';
import { RecordFile } from './record-file.js';

/** The records of one user's supervised containers: a directory each, named by the container, in which its logs are as well. */
export class Records {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** What the one supervisor that works with them holds. No container can have such a name. */
  get lockPath(): string {
    return join(this.directory, '.lock');
  }

  /** Makes the directory, unless it is there. @throws ContainerError when others can write it */
  makeDirectory(): void {
    makeOwnDirectory(this.directory, 'choose another with --state-dir, or stateDir in the library');
  }

  /**
   * Makes the directory of a new container, with its record in it.
   *
   * @throws AlreadyExistsError when the name is taken; SyscallError
   */
  create(record: ContainerRecord): RecordFile {
    const { id } = record;
    const directory = this.path(checkName(id, 'container'));
    this.#make(directory, id);
    try {
      return fileCall(`write record of ${JSON.stringify(id)}`, () =>
        RecordFile.create(join(directory, RECORD), record),
      );
    } catch (error) {
      this.remove(id);
      throw error;
    }
  }

  #make(directory: string, id: string): void {
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') {
        throw new AlreadyExistsError(id, { hint: `choose another name, or forget that one: corral rm ${id}` });
      }
      throw toFileError(error, `make directory ${directory}`, {
        hint:
          code === 'ENOENT' ? 'somebody has removed what it was in: corral supervise --replace begins anew' : undefined,
      });
    }
  }

  /** Opens the record of a container. @returns `undefined` when it says nothing: nothing of it was ever started */
  load(id: string): RecordFile | undefined {
    return RecordFile.load(join(this.path(id), RECORD));
  }

  /** Removes all that is known of a container. */
  remove(id: string): void {
    rmSync(this.path(id), { recursive: true, force: true });
  }

  /** Returns the directory of a container. */
  path(id: string): string {
    return join(this.directory, id);
  }

  /** Lists the containers, by name. */
  names(): readonly string[] {
    try {
      return readdirSync(this.directory)
        .filter((name) => !name.startsWith('.'))
        .sort();
    } catch (error) {
      if (isMissingFile(error)) return [];
      throw error;
    }
  }
}

const RECORD = 'record';
