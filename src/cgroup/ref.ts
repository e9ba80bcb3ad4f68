import { basename } from 'node:path/posix';
import type { CgroupPlan } from '../plan/types.js';
import type { CgroupRef } from './types.js';

/**
 * Returns the reference to a container's cgroups before they are made: what a crash in the middle of making them leaves
 * behind can be found by it. It has no inode numbers, so only directories that carry corral's mark are killed by it.
 *
 * @param id - what the directories are marked with; the last part of their path unless given
 */
export function refFromPlan(plan: CgroupPlan, id?: string): CgroupRef {
  const { v2, v1, scope } = plan;
  const path = v2?.path ?? v1[0]?.path ?? '';
  return {
    id: id ?? basename(path),
    ...(v2 && {
      v2: {
        path: v2.path,
        payload: v2.payload,
        base: v2.base,
        controllers: v2.enable[0]?.controllers ?? [],
        ...(v2.delegate && { delegated: true }),
      },
    }),
    v1: v1.map(({ controllers, path, base }) => ({ controllers, path, base })),
    ...(plan.also && { also: plan.also }),
    ...(plan.around && { around: plan.around }),
    ...(plan.flat && { flat: true as const }),
    ...(scope && { scope: { manager: scope.manager, unit: scope.unit } }),
  };
}

/** Tells whether a container has a cgroup at all: the caller may have had none in which to make one. */
export function hasCgroup({ v2, v1 }: CgroupRef): boolean {
  return v2 !== undefined || v1.length > 0;
}

/** Returns the inode number by which a container's cgroup is told from a later one of the same name. */
export function inodeOf({ v2, v1 }: CgroupRef): string | undefined {
  return v2?.inode ?? v1[0]?.inode;
}
