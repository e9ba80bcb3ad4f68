// What engines keep beside each container that runs: conmon for podman, a shim for containerd. As many as are asked for, of a sleeping
// container each, with its output going into a file; what they have in memory; and their end.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clearCgroups } from './clear-cgroups.mjs';
import { findProcesses, isRunning, readMemoryKb } from './proc.mjs';
import { median } from './stats.mjs';

const PATIENCE_MS = 20_000;

/**
 * @typedef {object} Monitors
 * @property {string} name
 * @property {string} version
 * @property {number} pssKb - the median of each
 * @property {number} privateKb
 */

/**
 * Measures those that are installed here, and says why not of the others.
 *
 * @returns {Promise<{ monitors: Monitors[], missing: string[] }>}
 */
export async function measureMonitors(workspace, count) {
  const monitors = [];
  const missing = [];
  for (const [name, measure] of Object.entries({ conmon: measureConmon, 'containerd-shim-runc-v2': measureShim })) {
    try {
      monitors.push({ name, ...(await measure(workspace, count)) });
    } catch (error) {
      missing.push(`(i) ${name}: ${error.message.trim().split('\n').at(-1)}`);
    }
  }
  return { monitors, missing };
}

/** As podman starts it, but for what it is to call in the end. The runtime is runc, which runs on all kinds of hosts. */
async function measureConmon(workspace, count) {
  const version = readVersion('conmon');
  const directory = makeDirectory(workspace, 'conmon');
  const runc = (...words) => ['runc', '--root', join(directory, 'runc'), ...words];
  const names = Array.from({ length: count }, (_, index) => `conmon-${index}`);
  const undo = onInterrupt(workspace, () => endConmons());
  async function endConmons() {
    const pids = readPids(directory, names);
    for (const name of names) call(runc('delete', '--force', name));
    await untilEnded(pids);
    await clearCgroups(basename(directory));
  }
  try {
    for (const name of names) {
      const bundle = makeBundle(workspace, directory, name);
      const files = ['pidfile', 'conmon-pidfile'].map((file) => join(bundle, file));
      const paths = ['--bundle', bundle, '--log-path', `k8s-file:${bundle}/log`, '--exit-dir', bundle];
      // What podman passes that costs nothing is left out.
      const words = [
        '--api-version',
        '1',
        '--cid',
        name,
        '--cuuid',
        name,
        '--name',
        name,
        '--runtime',
        findProgram('runc'),
      ];
      const root = ['--runtime-arg', `--root=${join(directory, 'runc')}`, '--socket-dir-path', bundle];
      run(['conmon', ...words, ...root, ...paths, '--container-pidfile', files[0], '--conmon-pidfile', files[1]]);
      await until(
        () => existsSync(files[0]) && readFileSync(files[0], 'utf8') !== '',
        `conmon has made no container: ${name}`,
      );
      run(runc('start', name));
    }
    const pids = readPids(directory, names);
    return { version, ...(await readMonitors(pids, count)) };
  } finally {
    await undo();
  }
}

function readPids(directory, names) {
  return names.flatMap((name) => {
    const path = join(directory, name, 'conmon-pidfile');
    return existsSync(path) ? [Number(readFileSync(path, 'utf8'))] : [];
  });
}

// Where containerd's defaults are outside of the two directories, and nothing is needed.
const toConfig = (directory) => `version = 2
root = "${directory}/root"
state = "${directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "${directory}/api"
[ttrpc]
  address = "${directory}/ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
`;

/** One containerd with files and a socket of its own, and `ctr` to talk to it. */
async function measureShim(workspace, count) {
  const version = readVersion('containerd');
  const directory = makeDirectory(workspace, 'containerd');
  // containerd takes the name of the namespace for the cgroup above its containers.
  const namespace = basename(directory);
  const ctr = (...words) => ['ctr', '--address', join(directory, 'api'), '--namespace', namespace, ...words];
  const names = Array.from({ length: count }, (_, index) => `shim-${index}`);
  const findShims = () => findProcesses('containerd-shim-runc-v2', directory);
  writeFileSync(join(directory, 'config.toml'), toConfig(directory));
  const daemon = spawn('setpriv', ['--pdeathsig', 'TERM', 'containerd', '--config', join(directory, 'config.toml')], {
    stdio: 'ignore',
    // Ctrl-C is for the bench, which still needs it to clear away.
    detached: true,
  });
  const daemonEnded = once(daemon, 'exit');
  const undo = onInterrupt(workspace, async () => {
    const shims = findShims();
    for (const name of names) {
      if (call(ctr('task', 'rm', '--force', name)).status === 0) call(ctr('container', 'rm', name));
    }
    await untilEnded(shims);
    daemon.kill('SIGTERM');
    await daemonEnded;
    await clearCgroups(namespace);
  });
  try {
    await until(() => call(ctr('version')).status === 0, 'containerd does not answer');
    for (const name of names) {
      const paths = ['--runc-root', join(directory, 'runc'), '--log-uri', `file://${directory}/${name}.log`];
      run(ctr('run', '--detach', ...paths, '--rootfs', workspace.rootfs, name, '/pause'));
    }
    return { version, ...(await readMonitors(findShims(), count)) };
  } finally {
    await undo();
  }
}

/** A bundle of a process that stays, below a cgroup of the bench's own. */
function makeBundle({ livingBundle }, directory, name) {
  const bundle = join(directory, name);
  mkdirSync(bundle);
  const config = JSON.parse(readFileSync(join(livingBundle, 'config.json'), 'utf8'));
  config.linux.cgroupsPath = `/${basename(directory)}/${name}`;
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return bundle;
}

function makeDirectory({ directory }, name) {
  // Its last word is the name of a cgroup at the top, and sockets have short paths.
  const path = join(directory, `${basename(directory)}-${name}`);
  mkdirSync(path);
  return path;
}

/** What they do when they have settled. */
const SETTLE_MS = 3000;

async function readMonitors(pids, count) {
  if (pids.length !== count) throw new Error(`${pids.length} processes found for ${count} containers`);
  await delay(SETTLE_MS);
  const memory = pids.map(readMemoryKb);
  return { pssKb: median(memory.map(({ pss }) => pss)), privateKb: median(memory.map((each) => each.private)) };
}

// Done once, whether the bench goes on or not.
function onInterrupt({ undo }, act) {
  let done;
  const once = () => (done ??= act());
  undo.add(once);
  return async () => {
    await once();
    undo.delete(once);
  };
}

function readVersion(program) {
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error) throw new Error('not installed');
  return /\d+(\.\d+)+\S*/.exec(stdout)?.[0] ?? 'unknown';
}

// conmon wants to be told where it is.
function findProgram(name) {
  const directory = process.env.PATH.split(':').find((path) => existsSync(join(path, name)));
  if (directory === undefined) throw new Error(`${name} is not installed`);
  return join(directory, name);
}

function run([file, ...words]) {
  try {
    execFileSync(file, words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: PATIENCE_MS });
  } catch (error) {
    throw new Error(`${file} does not run here: ${String(error.stderr).trim().split('\n').at(-1)}`, { cause: error });
  }
}

function call([file, ...words]) {
  return spawnSync(file, words, { stdio: 'ignore' });
}

/** They end by themselves with their containers; those that do not are ended. They were all started here. */
async function untilEnded(pids) {
  const deadline = performance.now() + PATIENCE_MS;
  while (pids.some(isRunning) && performance.now() < deadline) await delay(20);
  for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL');
}

async function until(isSo, message) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(message);
    await delay(20);
  }
}
