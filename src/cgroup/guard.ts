import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { CgroupRefusedError } from '../errors/cgroup-error.js';
import { readLayout } from './facts.js';
import { readInode, readText } from './files.js';
import { locate, parseSelfCgroup } from './layout.js';
import { readMark } from './mark.js';
import type { CgroupLayout, CgroupRef, Hierarchy, V1Ref, V2Ref } from './types.js';

/** What is about to be done: `kill`, `freeze`. */
type Action = string;

/** A directory that somebody wants to do something irrevocable to. */
export interface Target {
  readonly id: string;
  readonly path: string;
  /** As recorded when it was made, decimal. */
  readonly inode?: string;
  /** The directory's inode number now, decimal. */
  readonly actual: string;
  /** A controller of its hierarchy; empty for v2. */
  readonly controller: string;
  /** It was there before the container: it stays. */
  readonly stays?: true;
}

/** Returns all directories of a container that are still there. */
export function listTargets({ id, v2, v1, scope, flat }: CgroupRef): readonly Target[] {
  const targets: Target[] = [];
  const add = ({ path, inode, adopted }: V1Ref | V2Ref, controller: string): void => {
    const actual = readInode(path);
    if (actual === undefined) return;
    // A unit's own cgroup is systemd's to remove.
    const stays = adopted === true || (controller === '' && flat === true && scope !== undefined);
    targets.push({ id, path, controller, actual, ...(inode !== undefined && { inode }), ...(stays && { stays }) });
  };
  if (v2) add(v2, '');
  for (const directory of v1) add(directory, directory.controllers[0] ?? '');
  return targets;
}

/**
 * Refuses a directory that is not the recorded one.
 *
 * @throws CgroupRefusedError
 */
export function checkIdentity(action: Action, { id, path, inode, actual }: Target): void {
  if (inode === undefined || actual === inode) return;
  refuse(
    action,
    path,
    `it is not the cgroup that was made for ${JSON.stringify(id)}: its inode is ${actual}, not ${inode}`,
  );
}

/**
 * Refuses everything that a stray `cgroup.kill` must never hit: what corral did not make, the top of a hierarchy, and
 * the caller's own cgroup with all above it.
 *
 * @returns `false` where somebody else has removed it meanwhile: nothing is to be done to whatever may be there next
 * @throws CgroupRefusedError with the reason
 */
export function checkTarget(action: Action, target: Target): boolean {
  try {
    checkIdentity(action, target);
    checkCgroup(action, target);
    checkCaller(action, target);
    checkMark(action, target);
    return true;
  } catch (error) {
    if (readInode(target.path) === undefined) return false;
    throw error;
  }
}

// From statfs(2).
const CGROUP_MAGIC = 0x27e0eb;
const CGROUP2_MAGIC = 0x63677270;

function checkCgroup(action: Action, { path, controller }: Target): void {
  const expected = controller === '' ? CGROUP2_MAGIC : CGROUP_MAGIC;
  if (statfsSync(path).type !== expected) refuse(action, path, 'it is not a cgroup of that hierarchy');
  if (statSync(path).dev !== statSync(dirname(path)).dev) refuse(action, path, 'it is the root of the hierarchy');
}

function checkCaller(action: Action, { path, controller }: Target): void {
  const hierarchy = findHierarchy(controller);
  if (hierarchy === undefined) return;
  if (path === hierarchy.mount) refuse(action, path, 'it is the root of the hierarchy');
  const self = parseSelfCgroup(readText('/proc/self/cgroup')).get(controller);
  const own = self === undefined ? undefined : locate(hierarchy, self);
  if (own === path) refuse(action, path, 'this process itself is in it');
  if (own?.startsWith(`${path}/`)) refuse(action, path, `this process itself is below it, in ${own}`);
}

function checkMark(action: Action, { id, path, inode }: Target): void {
  const mark = readMark(path);
  if (mark !== undefined && mark !== id) refuse(action, path, `it is marked as that of ${JSON.stringify(mark)}`);
  if (mark === undefined && inode === undefined) refuse(action, path, 'corral has no record of having made it');
}

// Mounts do not move while a program runs; where the program is in them may change at any time.
let layout: CgroupLayout | undefined;

function findHierarchy(controller: string): Hierarchy | undefined {
  layout ??= readLayout();
  if (controller.startsWith('name=')) return layout.named.find(({ name }) => `name=${name}` === controller);
  return controller === '' ? layout.v2 : layout.v1.find(({ controllers }) => controllers.includes(controller));
}

function refuse(action: Action, path: string, reason: string): never {
  throw new CgroupRefusedError(action, path, reason);
}
