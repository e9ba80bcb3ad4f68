import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeIdMaps } from '../../container/id-maps.js';
import { actNow } from '../../container/launch.js';
import { type SpawnOptions, spawn } from '../../container/spawn.js';
import type { HostFacts, SystemFacts } from '../../host/facts.js';
import type { IdMapPlan } from '../../plan/types.js';
import { CLONE } from '../../util/linux.js';
import { now } from '../../util/now.js';
import { LIMITS, type Limit, type Trial, type Trials } from '../types.js';
import { withInit } from './kernel.js';
import { toFailure, tryOut } from './trial.js';

const QUIET = { cwd: '/', stdout: 'ignore', stderr: 'ignore' } as const;

/** Where containers are registered, as with every other verb. */
export type StateOptions = Pick<SpawnOptions, 'stateDir'>;

/** Runs `true` in a container, and takes the time. */
export async function tryContainer(state: StateOptions): Promise<Trials['container']> {
  try {
    const begun = now();
    const container = await spawn(['true'], { ...QUIET, ...state });
    const started = now();
    const { exitCode } = await container.exited;
    if (exitCode !== 0) return { ok: false, code: 'ERR_EXIT', message: `true ended with ${String(exitCode)}` };
    return { ok: true, startedMs: toTenths(started - begun), goneMs: toTenths(now() - begun) };
  } catch (error) {
    return toFailure(error);
  }
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The same without isolation. */
export function tryBare(state: StateOptions): Promise<Trial> {
  return runBare({ ...state });
}

async function runBare(options: SpawnOptions): Promise<Trial> {
  return tryOut(async () => {
    const container = await spawn(['true'], { ...QUIET, isolation: 'cgroup', ...options });
    await container.exited;
  });
}

/** Runs a command with each limit, where that moves nobody but this process. */
export async function tryLimits(
  { cgroup }: HostFacts,
  { cpus, cgroup: { companions } }: SystemFacts,
  state: StateOptions,
): Promise<Trials['limits']> {
  const options: Readonly<Record<Limit, SpawnOptions>> = {
    memory: { memory: '64M' },
    cpu: { cpus: 1 },
    cpuset: { cpusetCpus: /^\d+/.exec(cpus)?.[0] ?? '0' },
    pids: { pids: 64 },
    io: { ioWeight: 100 },
  };
  const trials: Partial<Record<Limit, Trial>> = {};
  for (const limit of LIMITS) {
    const onV2 = cgroup.v2Base?.controllers.includes(limit) === true;
    if (!onV2 || !cgroup.v2Base.needsEvacuation || companions === 0)
      trials[limit] = await runBare({ ...options[limit], ...state });
  }
  return trials;
}

/** Maps a container's ids into a user namespace. */
export function tryIdMaps(maps: IdMapPlan): Promise<Trial> {
  return tryOut(() => withInit({ flags: CLONE.CLONE_NEWUSER }, ({ pid }) => writeIdMaps(pid, maps, actNow)));
}

/** Has the user's systemd start something in a delegated scope. */
export function tryScope(): Promise<Trial> {
  const words = ['--user', '--scope', '--quiet', '--collect', '-p', 'Delegate=yes', '--', 'true'];
  return tryOut(() => promisify(execFile)('systemd-run', words, { timeout: SCOPE_MS }));
}

const SCOPE_MS = 10_000;
