// What a run needs before it can measure: the compiled C programs, a bundle for the OCI runtimes, a state directory.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateFloorPlan } from './floor-plan.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** The commands, as the package has them. */
export const CORRAL = join(ROOT, bin.corral);
export const CORRAL_OCI = join(ROOT, bin['corral-oci']);
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
  lives: [],
  sleepers: [],
  killer: [],
  escapee: [],
  watch: [],
};

/**
 * @typedef {object} Workspace
 * @property {string} directory - removed at the end
 * @property {Record<string, string>} programs - the compiled C programs by name
 * @property {string} rootfs - of both bundles
 * @property {string} bundle - for runc and crun
 * @property {string} livingBundle - the same, of a process that stays until it is killed
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
    ...makeBundles(directory),
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

// Nothing but two programs in a plain directory, and what the runtime proposes: nobody is made to pay for an image.
function makeBundles(directory) {
  const rootfs = join(directory, 'rootfs');
  const bundle = join(directory, 'bundle');
  const livingBundle = join(directory, 'living');
  for (const path of [rootfs, bundle, livingBundle]) mkdirSync(path);
  compileInto(rootfs, 'true', 'int main(void) { return 0; }');
  compileInto(rootfs, 'pause', '#include <unistd.h>\nint main(void) { return pause(); }');
  writeConfig(livingBundle, [process.execPath, CORRAL_OCI], ['/pause'], rootfs);
  return { rootfs, bundle, livingBundle };
}

function compileInto(directory, name, text) {
  const source = join(directory, `${name}.c`);
  writeFileSync(source, `${text}\n`);
  execFileSync('cc', ['-O2', '-static', '-o', join(directory, name), source]);
  chmodSync(join(directory, name), 0o755);
}

/** Writes the bundle's config.json as the runtime itself proposes it. */
export function writeSpec(runtime, { bundle, rootfs }) {
  writeConfig(bundle, [runtime], ['/true'], rootfs);
}

function writeConfig(bundle, [file, ...words], args, rootfs) {
  const path = join(bundle, 'config.json');
  rmSync(path, { force: true });
  execFileSync(file, [...words, 'spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(path, 'utf8'));
  // Older releases of crun know no later one.
  config.ociVersion = '1.0.2';
  config.root.path = rootfs;
  config.process.terminal = false;
  config.process.args = args;
  writeFileSync(path, JSON.stringify(config));
}

/** The command of a Node process that measures one way of starting things: see worker.mjs. */
export function nodeWorker(...words) {
  return [process.execPath, join(ROOT, 'bench/lib/worker.mjs'), ...words];
}
