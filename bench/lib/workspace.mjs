// What a run needs before it can measure: the compiled C programs, a bundle for the OCI runtimes, a state directory.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateFloorPlan } from './floor-plan.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The command, as the package has it. */
export const CORRAL = join(ROOT, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).bin.corral);
const SOURCES = join(ROOT, 'bench/floor');

/** The C programs, and what is particular about how they are built. */
const PROGRAMS = {
  floor: [],
  'floor-init': [
    ...['-DCORRAL_BENCH_MINI_LIBC', '-nostdlib', '-fno-builtin', '-fno-stack-protector', '-fno-pie', '-no-pie'],
    join(SOURCES, 'mini.c'),
  ],
  namespaces: [],
  drive: [],
  sleepers: [],
  killer: [],
  escapee: [],
  watch: [],
};

/**
 * @typedef {object} Workspace
 * @property {string} directory - removed at the end
 * @property {Record<string, string>} programs - the compiled C programs by name
 * @property {string} bundle - for runc and crun
 * @property {string} stateDir - of corral, the bench's own
 * @property {{ cwd: string, env: NodeJS.ProcessEnv }} driverOptions - for all processes that measure
 * @property {Set<() => Promise<unknown>>} undo - what else is to be done when the bench is interrupted
 */

/** @returns {Workspace} */
export function createWorkspace() {
  const directory = mkdtempSync(join(tmpdir(), 'corral-bench-'));
  const stateDir = makeStateDirectory(directory);
  try {
    return { directory, stateDir, ...fillWorkspace(directory, { ...process.env, CORRAL_STATE_DIR: stateDir }) };
  } catch (error) {
    for (const made of [directory, stateDir]) rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

function fillWorkspace(directory, env) {
  writeFileSync(
    join(directory, 'plan.inc'),
    generateFloorPlan(readPlan(env), readPlan(env, '--isolation', 'cgroup', '--no-init')),
  );
  const programs = Object.entries(PROGRAMS).map(([name, extra]) => [name, compile(name, extra, directory)]);
  return {
    programs: Object.fromEntries(programs),
    bundle: makeBundle(directory),
    driverOptions: { cwd: '/', env },
    undo: new Set(),
  };
}

/** @param {Workspace} workspace */
export function removeWorkspace({ directory, stateDir }) {
  // What those have left who were killed on purpose, or with the bench.
  execFileSync(process.execPath, [CORRAL, 'prune', '--state-dir', stateDir], { stdio: 'ignore' });
  rmSync(directory, { recursive: true, force: true });
  rmSync(stateDir, { recursive: true, force: true });
}

// /run is where corral keeps its state, so that is where it is measured.
function makeStateDirectory(directory) {
  try {
    return mkdtempSync('/run/corral-bench-');
  } catch {
    return join(directory, 'state');
  }
}

/** What `corral plan` says, as an object. */
export function readPlan(env, ...options) {
  const json = execFileSync(process.execPath, [CORRAL, 'plan', '--json', ...options, '--', '/bin/true'], {
    cwd: '/',
    env,
  });
  return JSON.parse(json.toString());
}

/** Where the v2 hierarchy is, as corral found it. */
export function findCgroupBase(env) {
  return readPlan(env).cgroup.v2.base;
}

function compile(name, extra, directory) {
  const output = join(directory, name);
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-static', `-I${directory}`];
  const { status, stderr, error } = spawnSync('cc', [...flags, '-o', output, join(SOURCES, `${name}.c`), ...extra]);
  if (error) throw error;
  if (status !== 0) throw new Error(`cc ${name}.c:\n${stderr.toString()}`);
  return output;
}

// Nothing but `true` in a plain directory, and what `runc spec` writes: nobody is made to pay for an image.
function makeBundle(directory) {
  const bundle = join(directory, 'bundle');
  const rootfs = join(bundle, 'rootfs');
  mkdirSync(rootfs, { recursive: true });
  const source = join(directory, 'true.c');
  writeFileSync(source, 'int main(void) { return 0; }\n');
  execFileSync('cc', ['-O2', '-static', '-o', join(rootfs, 'true'), source]);
  chmodSync(join(rootfs, 'true'), 0o755);
  return bundle;
}

/** Writes the bundle's config.json as the runtime itself proposes it. */
export function writeSpec(runtime, { bundle }) {
  const path = join(bundle, 'config.json');
  rmSync(path, { force: true });
  execFileSync(runtime, ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.process.terminal = false;
  config.process.args = ['/true'];
  writeFileSync(path, JSON.stringify(config));
}

/** The command of a Node process that measures one way of starting things: see worker.mjs. */
export function nodeWorker(...words) {
  return [process.execPath, join(ROOT, 'bench/lib/worker.mjs'), ...words];
}
