import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { PARENT_MARK, readMark } from './mark.js';
import { tryRmdir } from './rmdir.js';
import type { CgroupRef } from './types.js';

/** The parent that corral makes where no other is asked for. */
const DEFAULT_PARENT = 'corral';

/**
 * Removes the directories above a container's own, as far as corral made them and nothing is in them any more. Never
 * fails: what cannot be removed stays, for the next container or the next clean-up.
 *
 * @returns whether a directory right above the container's own is still there
 */
export function removeParent({ v2, v1 }: CgroupRef): boolean {
  const removed = v2 ? climb(v2.path, v2.base, isOurs) : [];
  // Without marks (before Linux 5.7), what is gone from v2 under the same name is taken for corral's in v1.
  const isGone = (below: string): boolean =>
    removed.includes(below) || (v2 !== undefined && !existsSync(v2.base + below));
  for (const { path, base } of v1) climb(path, base, (parent) => isOurs(parent) || isGone(parent.slice(base.length)));
  return [...(v2 ? [v2] : []), ...v1].some(({ path }) => existsSync(dirname(path)));
}

/** @returns the paths below `base` that were removed */
function climb(path: string, base: string, mayRemove: (path: string) => boolean): readonly string[] {
  const parent = dirname(path);
  if (!parent.startsWith(`${base}/`) || !mayRemove(parent) || !removes(parent)) return [];
  return [parent.slice(base.length), ...climb(parent, base, mayRemove)];
}

const isOurs = (path: string): boolean => basename(path) === DEFAULT_PARENT || readMark(path) === PARENT_MARK;

function removes(path: string): boolean {
  try {
    return tryRmdir(path) !== 'busy';
  } catch {
    return false;
  }
}
