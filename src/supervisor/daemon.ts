import { readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { Containers } from '../container/containers.js';
import { Store, apiDirectory, stateDirectory } from '../container/store.js';
import { isContainerError } from '../errors/container-error.js';
import { hasApi } from '../spec/annotations.js';
import { API_SOCKET } from '../spec/api.js';
import { makeAuthorize } from './api/authorize.js';
import { fitLimits } from './api/limits.js';
import { ApiServer } from './api/server.js';
import { parseRlimits } from './caller/rights.js';
import { WhenEmpty } from './cgroups/when-empty.js';
import { dataDirectory } from '../container/data-directory.js';
import { now } from '../util/now.js';
import { Records } from './record/records.js';
import { takeLock } from './lock.js';
import { endOther } from './replace.js';
import { Supervisor } from './supervisor.js';
import { SystemRunner } from './run/system-runner.js';

/** How a supervisor is run. */
export interface DaemonOptions {
  /** Where the state of containers is kept; absent: the default. */
  readonly stateDir?: string | undefined;
  /** Ends it after so many milliseconds without anything to do; absent: never. */
  readonly idleMs?: number | undefined;
  /** Of corral. */
  readonly version: string;
  /** Another one that runs for this state directory is to end first. */
  readonly replace?: boolean | undefined;
  /** Called once it serves. */
  readonly onReady?: (path: string) => void;
  /** Ends it. The containers go on. */
  readonly signal: AbortSignal;
}

/**
 * Runs a supervisor in this process, until it is told to end, or has nothing to do. Containers go on without it; this process is to
 * end right afterwards, for until then it holds all of them, and the lock that keeps the next supervisor from looking for them.
 *
 * @throws ContainerError `ERR_SUPERVISED` when there is one already for this state directory
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const uid = process.geteuid?.() ?? 0;
  const stateDir = stateDirectory(options.stateDir, uid, process.env);
  const store = new Store(stateDir);
  store.makeDirectory();
  const socketPath = join(apiDirectory(stateDir), API_SOCKET);
  const hasLock = await takePlace(join(stateDir, 'supervisor.lock'), socketPath, options.replace);
  const records = new Records(dataDirectory(options.stateDir, uid, process.env));
  records.makeDirectory();
  // Another state directory, or this one after somebody has cleared it, may have a supervisor with the same records.
  await takeLock(records.lockPath, socketPath);
  const containers = new Containers({ stateDir });
  const runner = new SystemRunner({ store, records });
  const supervisor = new Supervisor({ containers, records, runner });
  await supervisor.recover();
  const startedAt = new Date().toISOString();
  using whenEmpty = new WhenEmpty();
  await using served = await ApiServer.listen({
    face: supervisor,
    socketPath,
    authorize: makeAuthorize(store, whenEmpty, supervisor, [stateDir, records.directory]),
    limits: fitLimits(readDescriptorLimit()),
    info: () => ({
      version: options.version,
      pid: process.pid,
      startedAt,
      stateDir,
      dataDir: records.directory,
      containers: supervisor.size,
    }),
  });
  options.onReady?.(socketPath);
  const isBusy = (): boolean =>
    !supervisor.isIdle || served.requests > 0 || store.list().some(({ spec }) => hasApi(spec));
  await untilOver(options, {
    sweep: () => {
      supervisor.sweep();
    },
    isBusy,
    isLost: () => !hasLock(),
  });
  supervisor.leave();
}

/** How often somebody may be faster, who has just found that no supervisor is there any more. */
const REPLACEMENTS = 5;

async function takePlace(lockPath: string, socketPath: string, replace = false): Promise<() => boolean> {
  for (let left = replace ? REPLACEMENTS : 0; ; left--) {
    if (left > 0) await endOther(socketPath);
    try {
      return await takeLock(lockPath, socketPath);
    } catch (error) {
      if (left === 0 || !isContainerError(error) || error.code !== 'ERR_SUPERVISED') throw error;
    }
  }
}

// Node has raised the soft limit to the hard one.
function readDescriptorLimit(): number {
  const limits = parseRlimits(readFileSync('/proc/self/limits', 'utf8'));
  return Number(limits.find(({ type }) => type === 'RLIMIT_NOFILE')?.soft ?? DEFAULT_DESCRIPTORS);
}

const DEFAULT_DESCRIPTORS = 1024;

/** How often it is looked whether there is something to do, as a part of the time after which there was nothing. */
const LOOKS = 4;

/** And at least so often whether the state directory is still its own. */
const LONGEST_LOOK_MS = 1000;

interface Looks {
  readonly sweep: () => void;
  readonly isBusy: () => boolean;
  /** Nobody can come to it any more: the next one is to take over. */
  readonly isLost: () => boolean;
}

function untilOver({ idleMs, signal }: DaemonOptions, { sweep, isBusy, isLost }: Looks): Promise<void> {
  return new Promise((resolve) => {
    let busyAt = now();
    const finish = (): void => {
      clearInterval(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const look = (): void => {
      sweep();
      if (idleMs !== undefined && isBusy()) busyAt = now();
      if (isLost() || (idleMs !== undefined && now() - busyAt >= idleMs)) finish();
    };
    const timer = setInterval(look, Math.max(10, Math.min(LONGEST_LOOK_MS, (idleMs ?? Infinity) / LOOKS)));
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
