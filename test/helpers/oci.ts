import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect } from 'vitest';
import { makeRootfs, systemMounts } from './engine.js';
import { type Lab, makeLab } from './lab.js';
import { findByArgument, listParents } from './leaks.js';
import { TIME_SCALE } from './scale.js';

/** The program as engines start it. */
export const CORRAL_OCI = fileURLToPath(new URL('../../dist/cli/corral-oci.cjs', import.meta.url));

type Json = Readonly<Record<string, unknown>>;

/** What a test asks of a config.json, beside what all of them have. */
export interface BundleWish {
  /** A script for sh. */
  readonly script?: string;
  readonly args?: readonly string[];
  readonly process?: Json;
  readonly root?: Json;
  readonly mounts?: readonly Json[];
  readonly linux?: Json;
  readonly namespaces?: readonly (string | Json)[];
  readonly hooks?: Json;
  readonly annotations?: Json;
  /** Whatever else is in it. */
  readonly other?: Json;
}

/** A bundle on disk. */
export interface Bundle {
  readonly directory: string;
  readonly rootfs: string;
  /** Id of the container that the test makes of it; its cgroup has the same name. */
  readonly id: string;
}

/** How a call has ended. */
export interface Called {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What has been written to standard output up to now: a container that was started may still write to it. */
  readonly said: () => string;
}

/** How a call is made. */
export interface CallOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Further descriptors of this process, from 3 on. */
  readonly fds?: readonly number[];
}

/** A call that has not ended yet. */
export interface Running {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Called>;
}

/** corral-oci as the tests of one file use it: with containers, cgroups and directories of their own. */
export interface Oci {
  readonly lab: Lab;
  /** Where containers are registered: `--root`. */
  readonly root: string;
  /** Makes a bundle. */
  readonly bundle: (wish?: BundleWish) => Bundle;
  /** Calls it, and waits for its end. */
  readonly call: (...args: readonly string[]) => Called;
  readonly callWith: (options: CallOptions, ...args: readonly string[]) => Called;
  /** Calls it. @returns what it has printed @throws unless it ends with 0 */
  readonly ok: (...args: readonly string[]) => string;
  /** Calls it, and goes on meanwhile. */
  readonly begin: (options: CallOptions, ...args: readonly string[]) => Running;
  /** Makes a bundle and creates a container of it. */
  readonly create: (wish?: BundleWish) => Bundle & { readonly created: Called };
  /** Does the same, and starts it. */
  readonly start: (wish?: BundleWish) => Bundle & { readonly created: Called };
  readonly status: (id: string) => string;
  readonly pid: (id: string) => number;
  /** Expects a call to fail with a message. */
  readonly refuses: (args: readonly string[], words: RegExp | string, code?: number) => void;
}

/** The namespaces that a test's container has unless it says otherwise. */
const NAMESPACES = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'];

/** The mounts that each has beside the system's programs. */
export const OCI_MOUNTS: readonly Json[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
];

/** Docker's. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID', 'NET_BIND_SERVICE', 'SYS_CHROOT'];

/** Returns what a config.json of a test holds. */
function configOf(wish: BundleWish, place: { readonly cgroup: string; readonly rootfs: string }): Json {
  const capabilities = CAPABILITIES.map((name) => `CAP_${name}`);
  return {
    ociVersion: '1.3.0',
    root: { path: place.rootfs, ...wish.root },
    mounts: [...systemMounts(), ...(wish.mounts ?? OCI_MOUNTS)],
    process: {
      args: wish.args ?? ['/bin/sh', '-c', wish.script ?? 'true'],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
      ...wish.process,
    },
    linux: {
      namespaces: (wish.namespaces ?? NAMESPACES).map((each) => (typeof each === 'string' ? { type: each } : each)),
      cgroupsPath: place.cgroup,
      ...wish.linux,
    },
    ...(wish.hooks === undefined ? {} : { hooks: wish.hooks }),
    ...(wish.annotations === undefined ? {} : { annotations: wish.annotations }),
    ...wish.other,
  };
}

/** Makes one. What a test leaves running is deleted after it; what it leaves behind otherwise fails it. */
export function makeOci(): Oci {
  const lab = makeLab();
  const root = lab.stateDir;
  const ids: string[] = [];

  const begin = (options: CallOptions, ...args: readonly string[]): Running => {
    const files = openOutputs(lab, options.input);
    const child = spawn(process.execPath, [CORRAL_OCI, '--root', root, ...args], {
      ...spawnOptions(options),
      stdio: [...files.stdio, ...(options.fds ?? [])],
    });
    files.close();
    const ended = new Promise<Called>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal, stdout: files.said(), stderr: files.stderr(), said: files.said });
      });
    });
    return { child, said: files.said, stderr: files.stderr, ended };
  };

  const callWith = (options: CallOptions, ...args: readonly string[]): Called => {
    const files = openOutputs(lab, options.input);
    const { status, signal, error } = spawnSync(process.execPath, [CORRAL_OCI, '--root', root, ...args], {
      ...spawnOptions(options),
      stdio: [...files.stdio, ...(options.fds ?? [])],
      timeout: 30_000 * TIME_SCALE,
      killSignal: 'SIGKILL',
    });
    files.close();
    if (error !== undefined) throw new Error(`corral-oci ${args.join(' ')}: ${error.message}: ${files.stderr()}`);
    return { code: status, signal, stdout: files.said(), stderr: files.stderr(), said: files.said };
  };
  const call = (...args: readonly string[]): Called => callWith({}, ...args);
  const ok = (...args: readonly string[]): string => {
    const { code, stdout, stderr } = call(...args);
    if (code !== 0) throw new Error(`corral-oci ${args.join(' ')}: exit ${String(code)}: ${stderr}`);
    return stdout;
  };
  const bundle = (wish: BundleWish = {}): Bundle => {
    const rootfs = typeof wish.root?.['path'] === 'string' ? wish.root['path'] : makeRootfs(lab);
    // Whoever is root in a user namespace has to get there.
    chmodSync(dirname(rootfs), 0o755);
    const directory = lab.directory();
    const id = `box-${randomBytes(4).toString('hex')}`;
    ids.push(id);
    const config = configOf(wish, { cgroup: `/${lab.cgroupParent}/${id}`, rootfs });
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
    return { directory, rootfs, id };
  };
  const create = (wish?: BundleWish): Bundle & { readonly created: Called } => {
    const made = bundle(wish);
    const created = call('create', '--bundle', made.directory, made.id);
    if (created.code !== 0) throw new Error(`corral-oci create: exit ${String(created.code)}: ${created.stderr}`);
    return { ...made, created };
  };
  const state = (id: string): { readonly status: string; readonly pid: number } =>
    JSON.parse(ok('state', id)) as { readonly status: string; readonly pid: number };

  afterEach(() => {
    for (const id of ids.splice(0)) call('delete', '--force', id);
    expect(findByArgument(root), 'no process of corral-oci is left').toEqual([]);
  });
  afterAll(() => {
    // An engine's parents stay.
    for (const path of listParents(lab.cgroupParent)) rmdirSync(path);
  });

  return {
    lab,
    root,
    bundle,
    call,
    callWith,
    ok,
    begin,
    create,
    start: (wish) => {
      const made = create(wish);
      ok('start', made.id);
      return made;
    },
    status: (id) => state(id).status,
    pid: (id) => state(id).pid,
    refuses: (args, words, code = 1) => {
      const called = call(...args);
      expect(called.stderr).toMatch(words);
      expect(called).toMatchObject({ code, stdout: '' });
    },
  };
}

interface Outputs {
  readonly stdio: readonly number[];
  readonly said: () => string;
  readonly stderr: () => string;
  /** Closes this process's side. */
  readonly close: () => void;
}

// Files: a pipe would not end before the container does.
function openOutputs(lab: Lab, input: string | undefined): Outputs {
  const directory = lab.directory();
  const path = (name: string): string => join(directory, name);
  if (input !== undefined) writeFileSync(path('stdin'), input);
  const stdio = [
    openSync(input === undefined ? '/dev/null' : path('stdin'), 'r'),
    openSync(path('stdout'), 'a'),
    openSync(path('stderr'), 'a'),
  ];
  return {
    stdio,
    said: () => readFileSync(path('stdout'), 'utf8'),
    stderr: () => readFileSync(path('stderr'), 'utf8'),
    close: () => {
      stdio.forEach(closeSync);
    },
  };
}

function spawnOptions({ env = {}, cwd }: CallOptions): { readonly env: NodeJS.ProcessEnv; readonly cwd?: string } {
  return { env: { PATH: process.env['PATH'], ...env }, ...(cwd === undefined ? {} : { cwd }) };
}
