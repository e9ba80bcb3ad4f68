import { setTimeout as delay } from 'node:timers/promises';
import type { KillReport } from '../cgroup/kill.js';
import { removeParent } from '../cgroup/parent.js';
import { untilScopeGone } from '../cgroup/systemd/scope-end.js';
import { isSupervised } from '../spec/annotations.js';
import { now } from '../util/now.js';
import { isAlive } from './identity.js';
import { killState } from './kill-state.js';
import type { State } from './state.js';
import type { OwnedState } from './state-file.js';
import type { Store } from './store.js';

/** What was cleared away, or would be. */
export interface Pruned {
  readonly id: string;
  /** What the kill did; absent for a start that had not got as far as a cgroup. */
  readonly report: KillReport | undefined;
}

/**
 * Clears away what crashes have left: containers whose owner is dead are killed, their cgroups and state removed. Those of a
 * supervisor are not: the next one takes them over.
 *
 * @param dryRun - clear nothing away, and list what would be
 * @throws the first error, when all that can be cleared away is
 */
export async function clearAbandoned(store: Store, dryRun: boolean): Promise<readonly Pruned[]> {
  const pruned: Pruned[] = [];
  const failures: unknown[] = [];
  for (const name of store.names()) {
    if (isHeirs(store, name)) continue;
    const owned = await claimAbandoned(store, name);
    if (owned === undefined) continue;
    try {
      const state = store.read(name);
      const report = state === undefined ? undefined : await clearState(state, dryRun);
      if (dryRun) owned.release();
      else owned.remove();
      if (state !== undefined && !dryRun) removeParent(state.cgroup);
      pruned.push({ id: state?.id ?? name, report });
    } catch (error) {
      owned.release();
      failures.push(error);
    }
  }
  // One that cannot be cleared away does not keep the others from it; but it does not pass in silence either.
  if (failures.length > 0) throw failures[0];
  return pruned;
}

// What cannot be read is nobody's, and an error of its own.
function isHeirs(store: Store, name: string): boolean {
  try {
    const state = store.read(name);
    return state !== undefined && isSupervised(state.spec);
  } catch {
    return false;
  }
}

/** How long the lock of a dead owner is waited for. */
const CLAIM_MS = 5000;

/**
 * Takes over the state of a container whose owner is dead.
 *
 * A process that dies in the middle of a clone leaves its lock to the child for a moment: until that has exec'd.
 *
 * @returns `undefined` when the owner lives, or there is no such container
 */
export async function claimAbandoned(store: Store, name: string): Promise<OwnedState | undefined> {
  const deadline = now() + CLAIM_MS;
  for (;;) {
    const owned = store.claim(name);
    if (owned !== undefined) return owned;
    const owner = store.read(name)?.owner;
    if (owner === undefined || isAlive(owner) || now() > deadline) return undefined;
    await delay(5);
  }
}

/** Kills a container, and removes its cgroups. @throws as {@link killState} does */
export async function clearState(state: State, dryRun: boolean): Promise<KillReport> {
  const report = await killState(state, { dryRun });
  if (!dryRun) await untilScopeGone(state.cgroup);
  return report;
}
