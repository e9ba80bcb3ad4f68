import { readIfPresent } from './files.js';
import { freezePath, isPathFrozen, thawPath } from './freeze.js';
import { checkTarget, listTargets } from './guard.js';
import { signalListed } from './signal-listed.js';
import { guardThaw } from './thaw-guard.js';
import type { CgroupRef } from './types.js';

const FREEZE_TIMEOUT_MS = 2_000;

/** What a signal to a whole container has reached. */
export interface SignalReport {
  /** How many processes got it. */
  readonly processes: number;
  /** Which ones, in the caller's pid namespace. */
  readonly pids: readonly number[];
  /** All that there were got it: they stood still meanwhile. `false`: those that were just being forked may have been missed. */
  readonly complete: boolean;
  /** The container is paused: signals that do not kill take effect when it goes on. */
  readonly paused: boolean;
}

/** How {@link signalCgroup} works. */
export interface SignalOptions {
  /** The pid of a process that is left out. */
  readonly except?: number | undefined;
  /** How long all have to stand still, in milliseconds, before they are signalled as they are. @defaultValue 2,000 */
  readonly freezeTimeoutMs?: number;
}

/**
 * Sends a signal to every process of a container, and to none that it is not: frozen, they can neither fork away from it
 * nor leave their pid to a stranger. It is thawed on every path, the death of this process included.
 *
 * @param signal - its number
 * @throws CgroupRefusedError, CgroupError
 */
export async function signalCgroup(ref: CgroupRef, signal: number, options: SignalOptions = {}): Promise<SignalReport> {
  const targets = listTargets(ref).filter((target) => checkTarget('signal', target));
  const top = targets.find(({ controller }) => controller === '' || controller === 'freezer') ?? targets[0];
  if (top === undefined) return { processes: 0, pids: [], complete: true, paused: false };
  const { path } = top;
  if (!hasFreezer(path)) return report(await signalListed(path, signal, options), { complete: false, paused: false });
  if (isPathFrozen(path)) return { ...(await signalFrozen(path, signal, options)), paused: true };
  return signalStill(path, signal, options);
}

/**
 * Sends a signal to every process of the cgroup at `path` and below it, as {@link signalCgroup}: for one that the caller has checked.
 *
 * @param named - the same cgroup, as another process can reach it
 * @throws CgroupError
 */
export async function signalPath(path: string, signal: number, named = path): Promise<SignalReport> {
  if (isPathFrozen(path)) return { ...(await signalFrozen(path, signal, {})), paused: true };
  return signalStill(path, signal, { named });
}

/** Freezes the cgroup at `path` for the time of the signalling. */
async function signalStill(
  path: string,
  signal: number,
  options: SignalOptions & { readonly named?: string },
): Promise<SignalReport> {
  const guard = guardThaw(options.named ?? path);
  let isThawed = false;
  try {
    return await signalFrozen(path, signal, options);
  } finally {
    try {
      thawPath(path);
      isThawed = true;
    } finally {
      await guard.release(isThawed);
    }
  }
}

// What cannot stand still in time is signalled as it is: late forks may be missed, which is better than no signal.
async function signalFrozen(path: string, signal: number, options: SignalOptions): Promise<SignalReport> {
  const complete = await freezeUnlessGone(path, options.freezeTimeoutMs ?? FREEZE_TIMEOUT_MS);
  return report(await signalListed(path, signal, options), { complete, paused: false });
}

async function freezeUnlessGone(path: string, timeoutMs: number): Promise<boolean> {
  try {
    return await freezePath(path, timeoutMs);
  } catch (error) {
    if (readIfPresent(`${path}/cgroup.procs`) === undefined) return true;
    throw error;
  }
}

function report(pids: readonly number[], how: Pick<SignalReport, 'complete' | 'paused'>): SignalReport {
  return { processes: pids.length, pids, ...how };
}

const hasFreezer = (path: string): boolean =>
  (readIfPresent(`${path}/cgroup.freeze`) ?? readIfPresent(`${path}/freezer.state`)) !== undefined;
