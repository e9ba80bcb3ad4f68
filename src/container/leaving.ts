import { removeParent } from '../cgroup/parent.js';
import type { CgroupRef } from '../cgroup/types.js';

const used = new Map<string, CgroupRef>();

/**
 * Notes that a container's cgroups are gone, so that the directories above them go when this process does: making them
 * anew for each container would cost more than the container.
 */
export function forgetParents(cgroup: CgroupRef): void {
  if (used.size === 0) process.once('exit', removeParents);
  used.set(parentKey(cgroup), cgroup);
}

/** Removes the parents that are empty now; those that hold other containers stay. */
export function removeParents(): void {
  for (const cgroup of used.values()) {
    try {
      removeParent(cgroup);
    } catch {
      // An empty cgroup harms nobody, and there is nobody left to tell.
    }
  }
  used.clear();
}

function parentKey({ v2, v1 }: CgroupRef): string {
  return [v2?.path, ...v1.map(({ path }) => path)].map((path) => path?.slice(0, path.lastIndexOf('/'))).join(' ');
}
