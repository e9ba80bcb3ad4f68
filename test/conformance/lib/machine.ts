import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from '../../engines/runtimes.js';
import { makeRootfs } from '../../helpers/engine.js';
import { until } from '../../helpers/lab.js';
import { listCgroups, listParents } from '../../helpers/leaks.js';
import { type Json, type Wish, makeConfig, writeConfig } from './config.js';

/** How a call of the runtime has ended. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The state as a runtime prints it. */
export interface State {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How `create` is called. */
export interface CreateOptions {
  readonly id?: string;
  /** Flags of the verb. */
  readonly flags?: readonly string[];
  /** A command line that the runtime's own is added to. */
  readonly through?: readonly string[];
  /** Descriptors from 3 on. */
  readonly fds?: readonly number[];
}

/** A container that `create` was called for. */
export interface Created extends Called {
  readonly id: string;
  readonly bundle: string;
  /** All that it has written, once nobody can write any more: its processes have ended. */
  readonly output: Promise<{ readonly stdout: string; readonly stderr: string }>;
}

const LIMIT_MS = 30_000;

/** A runtime with bundles, a state directory and cgroups of its own. */
export class Machine {
  readonly #runtime: Runtime;
  readonly #directories: string[] = [];
  /** Those that were created, with their pids: to ask the runtime each time would cost a process. */
  readonly #ids = new Map<string, string>();
  #count = 0;
  readonly #mark = randomBytes(4).toString('hex');
  /** The runtime makes it: a file whose tests are all left out leaves nothing. */
  readonly stateDir = `/var/tmp/corral-conformance-${this.#mark}`;
  readonly cgroupParent = `corral-test-${this.#mark}`;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get name(): string {
    return this.#runtime.name;
  }

  /** Makes an empty directory that goes with the test. */
  readonly directory = (): string => {
    const path = mkdtempSync('/var/tmp/corral-test-');
    // Whoever is root in a user namespace comes here as somebody else.
    chmodSync(path, 0o755);
    this.#directories.push(path);
    return path;
  };

  /** Makes a bundle: a root file system that the system is mounted in, and a config.json. @returns its path */
  bundle(config: Wish | string | Uint8Array): string {
    const path = this.#rootedDirectory();
    const isText = typeof config === 'string' || config instanceof Uint8Array;
    writeConfig(path, isText ? config : this.config(config));
    return path;
  }

  /** Returns a config.json as {@link Machine.bundle} writes it. */
  config(wish: Wish): Json {
    return makeConfig(wish, `/${this.cgroupParent}/c${String(this.#count)}`);
  }

  #rootedDirectory(): string {
    const root = makeRootfs(this);
    // In a user namespace that does not have their owner nothing can be made.
    for (const name of ['tmp', 'root', 'mnt', 'proc', 'dev', 'sys', 'bin', 'sbin', 'lib', 'lib64', 'usr'])
      if (lstatSync(join(root, name), { throwIfNoEntry: false }) === undefined) mkdirSync(join(root, name));
    return join(root, '..');
  }

  /** The runtime's command line. */
  argv(...args: readonly string[]): readonly [string, ...string[]] {
    return [this.#runtime.path, '--root', this.stateDir, ...args];
  }

  /** Calls the runtime. */
  call(...args: readonly string[]): Called {
    const [program, ...rest] = this.argv(...args);
    const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8', timeout: LIMIT_MS });
    return { code: status, stdout, stderr };
  }

  /** Calls it by another program. */
  within([program, ...flags]: readonly [string, ...string[]], ...args: readonly string[]): Called {
    const { status, stdout, stderr } = spawnSync(program, [...flags, ...this.argv(...args)], { encoding: 'utf8' });
    return { code: status, stdout, stderr };
  }

  /** Calls it, and returns what it prints. @throws when it fails */
  ok(...args: readonly string[]): string {
    const { code, stdout, stderr } = this.call(...args);
    if (code !== 0) throw new Error(`${this.name} ${args.join(' ')}: exit ${String(code)}: ${stderr}`);
    return stdout;
  }

  /** Creates a container, whether that fails or not. @param wish - of a new bundle, or the path of one */
  async tryCreate(wish: Wish | string, options: CreateOptions = {}): Promise<Created> {
    const id = options.id ?? `c${String(++this.#count)}`;
    const bundle = typeof wish === 'string' ? wish : this.bundle(wish);
    const { through = [], flags = [], fds = [] } = options;
    const pidFile = join(bundle, `${id.replaceAll('/', '_')}.pid`);
    const create = ['create', '--bundle', bundle, '--pid-file', pidFile, ...flags, id];
    const [program = '', ...args] = [...through, ...this.argv(...create)];
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...fds];
    const child = spawn(program, args, { stdio, timeout: LIMIT_MS });
    const closed = once(child, 'close');
    const text = collect(child);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 0) this.#ids.set(id, readFileSync(pidFile, 'utf8'));
    else await closed;
    return { id, bundle, code, ...text(), output: closed.then(text) };
  }

  /** Creates a container. @throws when that fails */
  async create(wish: Wish | string, options: CreateOptions = {}): Promise<Created> {
    const created = await this.tryCreate(wish, options);
    if (created.code !== 0) throw new Error(`${this.name} create: ${created.stderr}${created.stdout}`);
    return created;
  }

  /** Creates it, starts it, waits for its end and deletes it, as engines do. @returns all that it has written */
  async run(
    wish: Wish | string,
    options: CreateOptions = {},
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const { id, output } = await this.create(wish, options);
    this.ok('start', id);
    const written = await output;
    await this.untilStopped(id);
    this.delete(id);
    return written;
  }

  /** As {@link Machine.run}. @returns the lines of its standard output */
  async lines(wish: Wish, options: CreateOptions = {}): Promise<readonly string[]> {
    const { stdout, stderr } = await this.run(wish, options);
    if (stderr !== '') throw new Error(`${this.name}: ${stderr}`);
    return stdout.trimEnd().split('\n');
  }

  /** Returns the state. @throws when there is none */
  state(id: string): State {
    return JSON.parse(this.ok('state', id)) as State;
  }

  /** Waits until the process of a container that was created here has ended. */
  async untilStopped(id: string): Promise<void> {
    const pid = this.#ids.get(id);
    if (pid === undefined) throw new Error(`${id} was not created`);
    await until(() => hasEnded(pid), `${id} has stopped`);
  }

  /** Waits until a file says something. */
  async untilText(path: string, text: string): Promise<void> {
    await until(() => existsSync(path) && readFileSync(path, 'utf8').includes(text), `${path} says ${text}`);
  }

  /** Deletes a container. @throws when that fails */
  delete(id: string, ...flags: readonly string[]): void {
    this.ok('delete', ...flags, id);
    this.forget(id);
  }

  /** Says that a container has gone by itself. */
  forget(id: string): void {
    this.#ids.delete(id);
  }

  /** Removes what a test has left, whatever state it is in. */
  clear(): void {
    for (const id of this.#ids.keys()) this.call('delete', '--force', id);
    this.#ids.clear();
    for (const path of this.#directories.splice(0)) rmSync(path, { recursive: true, force: true });
  }

  /** Removes the machine's own directories. @returns what could not be removed */
  remove(): readonly string[] {
    for (const path of [...listCgroups(this.cgroupParent)].reverse().concat(listParents(this.cgroupParent)))
      removeDirectory(path);
    rmSync(this.stateDir, { recursive: true, force: true });
    return listParents(this.cgroupParent);
  }
}

// A zombie has, whenever whoever inherited it gets round to it.
function hasEnded(pid: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It is still there then, and is told of.
  }
}

function collect(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return () => ({ stdout, stderr });
}
