import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Called, callOk, callProgram } from './calls.js';
import { makeRootfs } from './image.js';
import { type Traces, findLeftovers, removeParents, takeInventory } from './leftovers.js';
import type { Runtime } from './runtimes.js';

/** A buildah with storage of its own. */
export interface Buildah {
  /** A directory for what a test needs. */
  readonly directory: string;
  /** A root file system of busybox. */
  readonly rootfs: string;
  /** The cgroup of whatever runs, from the top of the hierarchies. */
  readonly cgroup: string;
  /** The words of a call, for those who start it themselves. */
  readonly words: (...args: readonly string[]) => readonly string[];
  /** Its variables: the runtime is one of them. */
  readonly env: NodeJS.ProcessEnv;
  readonly call: (...args: readonly string[]) => Called;
  /** Calls it, and returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  /** Makes a working container from the root file system. @returns its name */
  readonly from: (...options: readonly string[]) => string;
  /** Removes all working containers. @returns what they have left all the same */
  readonly sweep: () => Promise<readonly string[]>;
  /** Removes its files. @returns what was left all the same */
  readonly close: () => Promise<readonly string[]>;
}

/** Makes one that drives `runtime`. */
export function makeBuildah({ path }: Runtime): Buildah {
  const directory = mkdtempSync('/var/tmp/corral-buildah-');
  const traces: Traces = { directory, cgroupParent: basename(directory) };
  // buildah makes no cgroup for each: it takes the parent as it is.
  const cgroup = `/${traces.cgroupParent}/step`;
  const storage = ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
  const words = (...args: readonly string[]): readonly string[] => ['buildah', ...storage, ...args];
  // What it keeps for a run goes to TMPDIR.
  const env = { BUILDAH_RUNTIME: path, BUILDAH_ISOLATION: 'oci', TMPDIR: directory };
  const call = (...args: readonly string[]): Called => callProgram(words(...args), { env });
  const ok = (...args: readonly string[]): string => callOk(words(...args), { env });
  const rootfs = makeRootfs(directory);
  const clean = takeInventory(traces);
  return {
    ...{ directory, rootfs, cgroup, words, env, call, ok },
    from: (...options) => {
      const name = ok('from', '--cgroup-parent', cgroup, ...options, 'scratch');
      ok('copy', '--quiet', name, rootfs, '/');
      return name;
    },
    sweep: () => {
      call('rm', '--all');
      return findLeftovers(clean, traces);
    },
    close: async () => {
      call('rm', '--all');
      const left = await findLeftovers(clean, traces);
      removeParents(traces);
      if (left.length === 0) rmSync(directory, { recursive: true });
      return left;
    },
  };
}
