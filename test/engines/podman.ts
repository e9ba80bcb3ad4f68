import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Called, callOk, callProgram } from './calls.js';
import { packRootfs } from './image.js';
import { type Traces, findLeftovers, removeParents, takeInventory } from './leftovers.js';
import type { Runtime } from './runtimes.js';

/** A podman with storage of its own. */
export interface Podman {
  /** A directory for what a test needs. */
  readonly directory: string;
  /** Calls it. */
  readonly call: (...args: readonly string[]) => Called;
  /** Calls it, and returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  /** `run`, with the options without which nothing runs where a hard limit cannot be raised. */
  readonly run: (...args: readonly string[]) => Called;
  /** The words of that. */
  readonly runArgs: (...args: readonly string[]) => readonly string[];
  /** Its whole command line, for those who start it themselves. */
  readonly argv: (...args: readonly string[]) => readonly string[];
  /** Removes all containers. @returns what they have left all the same */
  readonly sweep: () => Promise<readonly string[]>;
  /** Removes its files. @returns what was left all the same */
  readonly close: () => Promise<readonly string[]>;
}

export const IMAGE = 'localhost/corral-test';

/** Options of `podman run` without which nothing runs where a hard limit cannot be raised. */
export const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096', '--network', 'none'];

/** Makes one that drives `runtime`, or what its configuration says, with an image of busybox. */
export function makePodman(runtime?: Runtime): Podman {
  const directory = mkdtempSync('/var/tmp/corral-podman-');
  const traces: Traces = { directory, cgroupParent: basename(directory), ownCgroup: 'conmon' };
  const options = [
    ...['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'],
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
    ...(runtime === undefined ? [] : ['--runtime', runtime.path]),
  ];
  const argv = (...args: readonly string[]): readonly string[] => ['podman', ...options, ...args];
  const call = (...args: readonly string[]): Called => callProgram(argv(...args));
  const ok = (...args: readonly string[]): string => callOk(argv(...args));
  const runArgs = (...args: readonly string[]): readonly string[] => [
    ...['run', ...LIMITS, '--cgroup-parent', `/${traces.cgroupParent}`],
    ...args,
  ];
  ok('import', packRootfs(directory), IMAGE);
  const idle = takeInventory(traces);
  const sweep = (): Promise<readonly string[]> => {
    call('rm', '--all', '--force', '--time', '0');
    return findLeftovers(idle, traces);
  };
  return {
    argv,
    call,
    ok,
    directory,
    runArgs,
    run: (...args) => call(...runArgs(...args)),
    sweep,
    close: async () => {
      const left = await sweep();
      // It mounts its own storage onto itself.
      for (const thing of idle) if (thing.startsWith('mount ')) callOk(['umount', thing.slice('mount '.length)]);
      removeParents(traces);
      if (left.length === 0) rmSync(directory, { recursive: true });
      return left;
    },
  };
}
