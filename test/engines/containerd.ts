import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Called, callOk, callProgram } from './calls.js';
import { type Daemon, startDaemon } from './daemon.js';
import { makeRootfs } from './image.js';
import { type Inventory, type Traces, findLeftovers, removeParents, takeInventory } from './leftovers.js';
import type { Runtime } from './runtimes.js';

/** A containerd with files and a socket of its own, and `ctr` to talk to it. */
export interface Containerd {
  /** A directory for what a test needs. */
  readonly directory: string;
  /** A root file system of busybox. */
  readonly rootfs: string;
  /** The place where the runtime registers the containers. */
  readonly stateDir: string;
  /** Of the cgroups of all containers, from the top of the hierarchies. */
  readonly cgroupParent: string;
  /** Calls ctr. */
  readonly ctr: (...args: readonly string[]) => Called;
  /** Calls it, and returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  /** The words of `ctr run` with the runtime and the root file system: options come before `id`. */
  readonly runWords: (options: readonly string[], id: string, ...command: readonly string[]) => readonly string[];
  /** `ctr run`. */
  readonly run: (options: readonly string[], id: string, ...command: readonly string[]) => Called;
  /** What the daemon and its shims have written. */
  readonly log: () => string;
  /** Removes all containers. @returns what they have left all the same */
  readonly sweep: () => Promise<readonly string[]>;
  /** Ends it and removes its files. @returns what was left all the same */
  readonly close: () => Promise<readonly string[]>;
}

// Where containerd's defaults are outside of the two directories, and nothing is needed.
const toConfig = (directory: string): string => `version = 2
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

/** Makes one that drives `runtime`. */
export async function makeContainerd({ path }: Runtime): Promise<Containerd> {
  const directory = mkdtempSync('/var/tmp/corral-containerd-');
  // containerd takes the name of the namespace for the cgroup above its containers, and below runc's root.
  const namespace = basename(directory);
  const traces: Traces = { directory, cgroupParent: namespace, stateDir: join(directory, 'runtime', namespace) };
  const words = (...args: readonly string[]): readonly string[] => {
    return ['ctr', '--address', join(directory, 'api'), '--namespace', namespace, ...args];
  };
  const ctr = (...args: readonly string[]): Called => callProgram(words(...args));
  writeFileSync(join(directory, 'config.toml'), toConfig(directory));
  const clean = takeInventory(traces);
  const daemon = await startDaemon(
    ['containerd', '--config', join(directory, 'config.toml')],
    join(directory, 'log'),
    () => ctr('version').code === 0,
  );
  const idle = takeInventory(traces);
  const rootfs = makeRootfs(directory);
  const runWords: Containerd['runWords'] = (options, id, ...command) => {
    const runtime = ['--runc-binary', path, '--runc-root', join(directory, 'runtime')];
    const fixed = [...runtime, '--fifo-dir', join(directory, 'fifo'), '--env', 'PATH=/bin'];
    // With a whole spec, that says where the root is.
    const root = options.includes('--config') ? [] : ['--rootfs', rootfs];
    return words('run', ...fixed, ...options, ...root, id, ...command);
  };
  return {
    ...{ directory, rootfs, stateDir: traces.stateDir ?? '', cgroupParent: namespace },
    ctr,
    ok: (...args) => callOk(words(...args)),
    runWords,
    run: (options, id, ...command) => callProgram(runWords(options, id, ...command)),
    log: daemon.log,
    sweep: () => {
      sweep(ctr);
      return findLeftovers(idle, traces);
    },
    close: () => {
      sweep(ctr);
      return close(daemon, traces, clean);
    },
  };
}

// One whose test has failed is still there.
function sweep(ctr: Containerd['ctr']): void {
  for (const id of ctr('container', 'ls', '--quiet')
    .stdout.split('\n')
    .filter((line) => line !== '')) {
    ctr('task', 'rm', '--force', id);
    ctr('container', 'rm', id);
  }
}

async function close(daemon: Daemon, traces: Traces, clean: Inventory): Promise<readonly string[]> {
  await daemon.stop();
  const left = await findLeftovers(clean, traces);
  removeParents(traces);
  if (left.length === 0) rmSync(traces.directory, { recursive: true });
  return left;
}
