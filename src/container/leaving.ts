import { removeCgroup } from '../cgroup/kill.js';
import { killNow } from '../cgroup/kill-now.js';
import { removeParent } from '../cgroup/parent.js';
import type { CgroupRef } from '../cgroup/types.js';
import type { OwnedState } from './state-file.js';
import { now } from '../util/now.js';

/** A container that this process has to answer for. */
export interface LiveContainer {
  readonly cgroup: CgroupRef;
  readonly owned: OwnedState;
  /** It must not outlive this process. */
  readonly dies: boolean;
}

const live = new Set<LiveContainer>();
/** One container's cgroups for each parent directory, which goes when this process does. */
const parents = new Map<string, CgroupRef>();
let watching = false;

/** Notes a container that runs from now on. */
export function noteStart(container: LiveContainer): void {
  live.add(container);
  // Making the directories above anew for each container would cost more than the container: they go at the end.
  parents.set(parentKey(container.cgroup), container.cgroup);
  if (!watching) process.once('exit', leave);
  watching = true;
}

/** Notes a container that is gone. */
export function noteEnd(container: LiveContainer): void {
  live.delete(container);
}

/** How long the end of this process may wait for that of its containers. */
const PATIENCE_MS = 500;

// process.exit() with containers running: the kernel kills their first processes, but whoever has no pid namespace of its
// own is killed here. Nothing may be awaited any more.
function leave(): void {
  const dying = [...live].filter(({ dies }) => dies);
  dying.forEach(({ cgroup }) => {
    attempt(() => {
      killNow(cgroup);
    });
  });
  const deadline = now() + PATIENCE_MS;
  for (const { cgroup, owned } of dying) {
    while (!attempt(() => removeCgroup(cgroup)) && now() < deadline) pause();
    if (attempt(() => removeCgroup(cgroup))) owned.remove();
  }
  removeParents();
}

/** Removes the directories above the containers that this process has had; those that hold others stay, and go another time. */
export function removeParents(): void {
  for (const [key, cgroup] of parents) if (!removeParent(cgroup)) parents.delete(key);
}

// What fails here is left for `corral prune`: there is nobody any more to tell.
function attempt(action: () => unknown): boolean {
  try {
    return action() !== false;
  } catch {
    return false;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

function parentKey({ v2, v1 }: CgroupRef): string {
  return [v2?.path, ...v1.map(({ path }) => path)].map((path) => path?.slice(0, path.lastIndexOf('/'))).join(' ');
}
