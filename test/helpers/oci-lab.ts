import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { removeParents } from '../../src/container/leaving.js';
import { Store } from '../../src/container/store.js';
import type { EngineState } from '../../src/spec/state.js';
import { checkContainerId } from '../../src/spec/parse/name.js';
import { DEFAULT_CAPABILITIES } from '../../src/spec/defaults.js';
import { DEV, DEVPTS, PROC, SYS, makeRootfs, systemMounts } from './engine.js';
import type { Lab } from './lab.js';

/** How a call of corral-oci has ended. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a test changes of a config.json, section by section. */
export interface ConfigChanges {
  readonly process?: object;
  readonly linux?: object;
  readonly mounts?: readonly object[];
  readonly hooks?: object;
  readonly root?: object;
  readonly annotations?: object;
}

/** corral-oci as engines call it, with a root directory and cgroups of its own. */
export interface OciLab {
  /** What `--root` says. */
  readonly root: string;
  readonly store: Store;
  /** A new bundle of a shell script. @returns its directory */
  readonly bundle: (script: string, changes?: ConfigChanges) => string;
  readonly call: (...args: readonly string[]) => Called;
  /** The same with further variables in its environment. */
  readonly callWith: (env: Readonly<Record<string, string>>, ...args: readonly string[]) => Called;
  /** Returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  readonly state: (id: string) => EngineState & { readonly pid: number };
}

const PROGRAM = fileURLToPath(new URL('../../dist/cli/corral-oci.cjs', import.meta.url));

const NAMESPACES = ['mount', 'pid', 'ipc', 'uts', 'network', 'cgroup'].map((type) => ({ type }));

/** Makes one. Containers that a test leaves are deleted after it. */
export function makeOciLab(lab: Lab): OciLab {
  const root = lab.stateDir;
  const store = new Store(root, checkContainerId);
  const callWith: OciLab['callWith'] = (env, ...args) => {
    const directory = lab.directory();
    // Not pipes: containers keep what they get, and nobody waits for their end.
    const [out, err] = ['out', 'err'].map((name) => openSync(join(directory, name), 'a+', 0o600));
    const stdio = ['ignore', out, err] as const;
    const { status } = spawnSync(process.execPath, [PROGRAM, '--root', root, ...args], {
      stdio: [...stdio],
      timeout: 60_000,
      env: { ...process.env, ...env },
    });
    for (const fd of [out, err]) closeSync(fd ?? -1);
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    return { code: status, stdout: read('out'), stderr: read('err') };
  };
  const call: OciLab['call'] = (...args) => callWith({}, ...args);
  const ok: OciLab['ok'] = (...args) => {
    const { code, stdout, stderr } = call(...args);
    if (code !== 0) throw new Error(`corral-oci ${args.join(' ')}: exit ${String(code)}: ${stderr}`);
    return stdout;
  };
  afterEach(() => {
    for (const { id } of store.list()) call('delete', '--force', id);
    removeParents();
  });
  return {
    root,
    store,
    call,
    callWith,
    ok,
    bundle: (script, changes) => makeBundle(lab, script, changes),
    state: (id) => JSON.parse(ok('state', id)) as ReturnType<OciLab['state']>,
  };
}

function makeBundle(lab: Lab, script: string, changes: ConfigChanges = {}): string {
  const rootfs = makeRootfs(lab);
  const bundle = join(rootfs, '..');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(configOf(lab, script, changes)));
  return bundle;
}

function configOf(lab: Lab, script: string, changes: ConfigChanges): object {
  const { bounding, ...sets } = { bounding: DEFAULT_CAPABILITIES, inheritable: [], ambient: [] };
  return {
    ociVersion: '1.3.0',
    root: { path: 'rootfs', ...changes.root },
    mounts: [...systemMounts(), ...(changes.mounts ?? [PROC, DEV, DEVPTS, SYS])],
    process: {
      args: ['/bin/sh', '-c', script],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      capabilities: { ...sets, bounding, effective: bounding, permitted: bounding },
      noNewPrivileges: true,
      ...changes.process,
    },
    linux: { namespaces: NAMESPACES, cgroupsPath: `/${lab.cgroupParent}`, ...changes.linux },
    ...(changes.hooks === undefined ? {} : { hooks: changes.hooks }),
    ...(changes.annotations === undefined ? {} : { annotations: changes.annotations }),
  };
}
