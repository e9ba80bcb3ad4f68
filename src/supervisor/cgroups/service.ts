import type { CgroupScope } from '../caller/scope.js';
import { checkMayChange } from './check.js';
import { type ControllerList, readControllers } from './controllers.js';
import { createCgroup } from './create.js';
import { Directory } from './directory.js';
import { parseKnobs, parseReadable } from './knobs.js';
import { type CgroupList, listCgroups } from './list.js';
import { type MoveFaults, moveTask } from './move.js';
import { changeOwner, type NewOwner } from './owner.js';
import { parseNewPath, parsePath, parsePathBelow } from './paths.js';
import {
  type CgroupKillReport,
  type CgroupSignalReport,
  freezeCgroup,
  killCgroup,
  signalCgroup,
  thawCgroup,
} from './processes.js';
import { removeCgroup } from './remove.js';
import { parseControllers } from './parse-controllers.js';
import { listTasks, type TaskList } from './tasks.js';
import { readValues, type Values, writeValues } from './values.js';
import type { WhenEmpty } from './when-empty.js';

/** What a new cgroup is to be like; all of it is checked here. */
export interface CreateRequest {
  /** `memory`, `pids`: which limits it is to have. @default none */
  readonly controllers?: unknown;
  /** Values by the name of their file: `{ 'memory.max': '64M' }`. Their controllers are added to those above. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/**
 * Everything that one caller can ask of the cgroups below its own. Paths are relative to that, and pids and ids are those of the
 * caller's namespaces. One of these serves one request: it acts for the caller as that was when the {@link CgroupScope} was read.
 *
 * All throw OptionError for values that make no sense, RefusedError for what is not the caller's to do, CgroupError for what the
 * kernel refuses. Nothing is done, then.
 */
export class CgroupService {
  readonly #scope: CgroupScope;
  readonly #whenEmpty: WhenEmpty;

  /** @param whenEmpty - the one list of the supervisor's */
  constructor(scope: CgroupScope, whenEmpty: WhenEmpty) {
    this.#scope = scope;
    this.#whenEmpty = whenEmpty;
  }

  /** Which controllers the caller can set limits with, and why not more. */
  controllers(): ControllerList {
    using base = Directory.openBase(this.#scope);
    return readControllers(base.path, this.#scope.above);
  }

  /** Lists the cgroups below one. @param path - empty for the caller's own */
  list(path: unknown = '', options: { readonly recursive?: boolean } = {}): CgroupList {
    return listCgroups(this.#scope, parsePath(path), options.recursive === true);
  }

  /** Lists the processes in a cgroup. @param path - empty for the caller's own */
  async tasks(path: unknown = '', options: { readonly recursive?: boolean } = {}): Promise<TaskList> {
    using directory = Directory.open(this.#scope, parsePath(path));
    return await listTasks(directory, this.#scope.requester.pids, options);
  }

  /** Makes a cgroup that belongs to the caller. The ones above it must be there. */
  async create(path: unknown, { controllers = [], values = {} }: CreateRequest = {}): Promise<void> {
    const name = parseNewPath(path);
    const writes = parseKnobs(values);
    await createCgroup(this.#scope, name, { controllers: parseControllers(controllers, writes), values: writes });
  }

  /** Reads values. @param names - of files: `memory.current`; absent: all that there are */
  get(path: unknown = '', names?: readonly unknown[]): Values {
    const wanted = names?.map((name) => parseReadable(name));
    using directory = Directory.open(this.#scope, parsePath(path));
    return readValues(directory, wanted);
  }

  /** Sets values, all or none. */
  async set(path: unknown, values: Readonly<Record<string, unknown>>): Promise<void> {
    const name = parsePathBelow(path);
    const writes = parseKnobs(values);
    using directory = Directory.open(this.#scope, name);
    checkMayChange(this.#scope, directory, 'change');
    await writeValues(directory, writes);
  }

  /** Moves a process of the caller's to a cgroup. @param path - empty for the caller's own */
  async move(path: unknown, pid: unknown, faults: MoveFaults = {}): Promise<void> {
    await moveTask(this.#scope, parsePath(path), pid, faults);
  }

  /** Gives a cgroup to a user or group of the caller's user namespace. */
  chown(path: unknown, owner: NewOwner): void {
    changeOwner(this.#scope, parsePathBelow(path), owner);
  }

  /**
   * Removes a cgroup.
   *
   * @param options - `recursive`: with those below it; `whenEmpty`: with those below it, once nobody is in them, at the latest when
   *   the supervisor ends
   */
  remove(path: unknown, options: { readonly recursive?: boolean; readonly whenEmpty?: boolean } = {}): void {
    const name = parsePathBelow(path);
    if (options.whenEmpty === true) this.#whenEmpty.add(this.#scope, name);
    else removeCgroup(this.#scope, name, options.recursive === true);
  }

  /** Stops all processes of a cgroup where they are. Resolves when they stand still. */
  async freeze(path: unknown): Promise<void> {
    await freezeCgroup(this.#scope, parsePathBelow(path));
  }

  thaw(path: unknown): void {
    thawCgroup(this.#scope, parsePathBelow(path));
  }

  /** Sends a signal to every process of a cgroup and of those below it. */
  signal(path: unknown, signal: unknown): Promise<CgroupSignalReport> {
    return signalCgroup(this.#scope, parsePathBelow(path), signal);
  }

  /** Kills every process of a cgroup and of those below it. @param options - `remove`: the cgroups go with them */
  kill(path: unknown, options: { readonly remove?: boolean } = {}): Promise<CgroupKillReport> {
    return killCgroup(this.#scope, parsePathBelow(path), options.remove === true);
  }
}
