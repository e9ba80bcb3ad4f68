import { readIfPresent } from './files.js';
import { freezePath, isPathFrozen, thawPath } from './freeze.js';
import { checkTarget, listTargets } from './guard.js';
import { signalListed } from './signal-listed.js';
import type { CgroupRef } from './types.js';

const FREEZE_TIMEOUT_MS = 2_000;

/**
 * Sends a signal to every process of a container, and to none that it is not: frozen, they can neither fork away from it
 * nor leave their pid to a stranger.
 *
 * @param signal - its number
 * @returns how many got it; in a paused container they act on it when it goes on
 * @throws CgroupRefusedError, CgroupError
 */
export async function signalCgroup(ref: CgroupRef, signal: number): Promise<number> {
  const targets = listTargets(ref);
  for (const target of targets) checkTarget('signal', target);
  const top = targets.find(({ controller }) => controller === '' || controller === 'freezer') ?? targets[0];
  return top === undefined ? 0 : signalPath(top.path, signal);
}

/** The same for the cgroup at `path`; it is thawed on every path, unless it was frozen before. */
async function signalPath(path: string, signal: number): Promise<number> {
  const mayFreeze = hasFreezer(path) && !isPathFrozen(path);
  try {
    // What cannot stand still in time is signalled as it is: late forks may be missed, which is better than no signal.
    if (mayFreeze) await freezePath(path, FREEZE_TIMEOUT_MS);
    return await signalListed(path, signal, 0);
  } finally {
    if (mayFreeze) thawPath(path);
  }
}

const hasFreezer = (path: string): boolean =>
  (readIfPresent(`${path}/cgroup.freeze`) ?? readIfPresent(`${path}/freezer.state`)) !== undefined;
