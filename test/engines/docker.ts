import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Called, callOk, callProgram } from './calls.js';
import { type Daemon, startDaemon } from './daemon.js';
import { packRootfs } from './image.js';
import { type Inventory, type Traces, findLeftovers, removeParents, takeInventory } from './leftovers.js';
import type { Runtime } from './runtimes.js';

/** A dockerd with files and a socket of its own, and `docker` to talk to it. */
export interface Docker {
  /** A directory for what a test needs. */
  readonly directory: string;
  /** Calls docker. */
  readonly call: (...args: readonly string[]) => Called;
  /** Calls it, and returns what it prints. @throws when it fails */
  readonly ok: (...args: readonly string[]) => string;
  /** `docker run` without a network: what stands before it does, options before the image. */
  readonly run: (...args: readonly string[]) => Called;
  /** Its variables, for those who start docker themselves. */
  readonly env: NodeJS.ProcessEnv;
  /** Removes all containers. @returns what they have left all the same */
  readonly sweep: () => Promise<readonly string[]>;
  /** Ends it and removes its files. @returns what was left all the same */
  readonly close: () => Promise<readonly string[]>;
}

export const IMAGE = 'corral-test';

/** Options of `docker run` without which it would want a bridge. */
export const NO_NETWORK = ['--network', 'none'];

/** Makes one whose default runtime is `runtime`. */
export async function makeDocker({ name, path }: Runtime): Promise<Docker> {
  const directory = mkdtempSync('/var/tmp/corral-docker-');
  const run = join(directory, 'run');
  const traces: Traces = {
    directory,
    cgroupParent: basename(directory),
    stateDir: join(run, `runtime-${name}`, 'moby'),
  };
  const config = {
    hosts: [`unix://${directory}/api`],
    'data-root': join(directory, 'data'),
    'exec-root': run,
    pidfile: join(directory, 'pid'),
    'deprecated-key-path': join(directory, 'key.json'),
    'cgroup-parent': `/${traces.cgroupParent}`,
    'storage-driver': 'vfs',
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    // `runc` is its own, and may not be named.
    ...(name === 'runc' ? {} : { runtimes: { [name]: { path } } }),
    'default-runtime': name,
  };
  writeFileSync(join(directory, 'daemon.json'), JSON.stringify(config));
  const env = {
    DOCKER_HOST: `unix://${directory}/api`,
    DOCKER_CONFIG: join(directory, 'client'),
    DOCKER_CLI_HINTS: 'false',
  };
  const call = (...args: readonly string[]): Called => callProgram(['docker', ...args], { env });
  const ok = (...args: readonly string[]): string => callOk(['docker', ...args], { env });
  const clean = takeInventory(traces);
  const daemon = await startDaemon(
    ['dockerd', '--config-file', join(directory, 'daemon.json')],
    join(directory, 'log'),
    () => call('version').code === 0,
  );
  ok('import', packRootfs(directory), IMAGE);
  const idle = takeInventory(traces);
  return {
    directory,
    env,
    call,
    ok,
    run: (...args) => call('run', ...NO_NETWORK, ...args),
    sweep: () => {
      sweep(call);
      return findLeftovers(idle, traces);
    },
    close: () => {
      sweep(call);
      return close(daemon, traces, clean);
    },
  };
}

// One whose test has failed is still there.
function sweep(call: Docker['call']): void {
  const ids = call('ps', '--all', '--quiet')
    .stdout.split('\n')
    .filter((line) => line !== '');
  if (ids.length > 0) call('rm', '--force', ...ids);
}

async function close(daemon: Daemon, traces: Traces, clean: Inventory): Promise<readonly string[]> {
  await daemon.stop();
  const left = await findLeftovers(clean, traces);
  removeParents(traces);
  if (left.length === 0) rmSync(traces.directory, { recursive: true });
  return left;
}
