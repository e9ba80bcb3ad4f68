import { readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listCgroups, listParents } from '../helpers/leaks.js';
import { TIME_SCALE } from '../helpers/scale.js';

/** Where an engine of a test's own leaves its traces. */
export interface Traces {
  /** All its files are there, and its path stands among the arguments of its helpers, and in the states of its containers. */
  readonly directory: string;
  /** The cgroup above those of its containers, from the top of the hierarchies. */
  readonly cgroupParent: string;
  /** The name of a cgroup below it that is the engine's own, and stays. */
  readonly ownCgroup?: string;
  /** Where its runtime keeps the states of its containers. @default what runtimes use when nobody names a place */
  readonly stateDir?: string;
}

/** Where runtimes keep their states, and shims their sockets, when nobody names a place. */
const SHARED = ['/run/corral-oci', '/run/runc', '/run/containerd/s', '/run/containerd/fifo'];

/** What is there of an engine: processes, mounts, cgroups, states. */
export type Inventory = ReadonlySet<string>;

/** Takes stock. */
export function takeInventory({ directory, cgroupParent, ownCgroup = '', stateDir }: Traces): Inventory {
  return new Set([
    ...listProcesses(directory),
    ...listMounts(directory),
    ...listCgroups(cgroupParent)
      .filter((path) => basename(path) !== ownCgroup)
      .map((path) => `cgroup ${path}`),
    ...SHARED.flatMap((path) => listEntries(path, directory)),
    ...(stateDir === undefined ? [] : list(stateDir).map((name) => `state ${stateDir}/${name}`)),
  ]);
}

/**
 * Compares with an earlier inventory. What is being cleared away at this moment gets the time to go.
 *
 * @returns what is there now and was not then
 */
export async function findLeftovers(before: Inventory, traces: Traces): Promise<readonly string[]> {
  const deadline = performance.now() + 5000 * TIME_SCALE;
  for (;;) {
    const more = [...takeInventory(traces)].filter((thing) => !before.has(thing));
    if (more.length === 0 || performance.now() > deadline) return more;
    await delay(50);
  }
}

/** Removes the cgroup parent, which engines leave and runc makes. */
export function removeParents({ cgroupParent }: Traces): void {
  for (const path of [...listCgroups(cgroupParent).toReversed(), ...listParents(cgroupParent)]) rmdirSync(path);
}

// A process without arguments is a zombie, or the kernel's.
function listProcesses(directory: string): readonly string[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
      return command.includes(directory) ? [`process ${pid} ${command}`] : [];
    });
}

function listMounts(directory: string): readonly string[] {
  const targets = read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return targets.filter((target) => target.startsWith(directory)).map((target) => `mount ${target}`);
}

// Others use these places at the same time: a state that says where its bundle is can be told apart.
function listEntries(path: string, directory: string): readonly string[] {
  const isOurs = (name: string): boolean => {
    if (path.startsWith('/run/containerd')) return true;
    // corral-oci has a file for each, runc a directory.
    return (read(join(path, name)) || read(join(path, name, 'state.json'))).includes(directory);
  };
  return list(path)
    .filter(isOurs)
    .map((name) => `state ${path}/${name}`);
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // gone, or never made
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended meanwhile, or not a state
  }
}
