import { setTimeout as delay } from 'node:timers/promises';
import { CgroupError } from '../errors/cgroup-error.js';
import { errnoNumber } from '../util/errno.js';
import { untilEvent } from './events.js';
import { listChildren, readIfPresent, tryWrite, writeFile } from './files.js';
import { checkIdentity, listTargets } from './guard.js';
import type { CgroupRef } from './types.js';
import { now } from '../util/now.js';

/** A process in an uninterruptible system call freezes only when that returns. */
const TIMEOUT_MS = 10_000;

/** Stops all processes of a container where they are. Resolves when the last one stands still. @throws CgroupError */
export async function freezeCgroup(ref: CgroupRef, options: { readonly timeoutMs?: number } = {}): Promise<void> {
  const path = selectPath(ref, 'freeze');
  if (await freezePath(path, options.timeoutMs ?? TIMEOUT_MS)) return;
  thawPath(path);
  throw new CgroupError(
    { action: `freeze ${path}`, syscall: 'poll', errno: errnoNumber('ETIMEDOUT') ?? 110, cgroup: path },
    {
      hint: 'a process is in a system call that cannot be interrupted (state D in ps): the file system or device it waits for',
    },
  );
}

/** Lets the processes of a frozen container go on. @throws CgroupError */
export function thawCgroup(ref: CgroupRef): void {
  thawPath(selectPath(ref, 'thaw'));
}

/** Tells whether somebody froze the container: its processes stand still, or soon will. */
export function isFrozen(ref: CgroupRef): boolean {
  return isPathFrozen(ref.v2?.path ?? findFreezer(ref)?.path ?? '');
}

/** The same for the cgroup at `path`, of either version. */
export function isPathFrozen(path: string): boolean {
  const state = readIfPresent(`${path}/cgroup.freeze`) ?? readIfPresent(`${path}/freezer.state`);
  return state !== undefined && !['0', 'THAWED'].includes(state.trim());
}

/**
 * Freezes the cgroup at `path`, of either version, with all below it.
 *
 * @returns `false` when a process does not stand still in time; the cgroup then stays told to freeze
 * @throws CgroupError
 * @see cgroup-v2.rst "cgroup.freeze"; cgroup-v1/freezer-subsystem.rst
 */
export async function freezePath(path: string, timeoutMs: number): Promise<boolean> {
  if (readIfPresent(`${path}/cgroup.freeze`) === undefined) return freezeV1(path, timeoutMs);
  writeFile(path, 'cgroup.freeze', '1');
  return untilEvent({ cgroup: path, event: 'frozen', value: 1, timeoutMs });
}

/** Thaws the cgroup at `path`; one that is gone is no error. */
export function thawPath(path: string): void {
  if (tryWrite(`${path}/cgroup.freeze`, '0') === undefined) return;
  const failure = tryWrite(`${path}/freezer.state`, 'THAWED');
  if (failure !== undefined && readIfPresent(`${path}/cgroup.procs`) !== undefined)
    throw new CgroupError({ action: `thaw ${path}`, ...failure, cgroup: path });
}

/**
 * Thaws the cgroup at `path` with all below it: one below that was frozen by itself stays frozen when the one above is thawed,
 * and its processes, on v1, immortal.
 */
export function thawTree(path: string): void {
  thawPath(path);
  for (const child of listChildren(path)) thawTree(child);
}

// v1 raises no event for it. Writing again makes the kernel look for tasks that have slipped through.
async function freezeV1(path: string, timeoutMs: number): Promise<boolean> {
  const deadline = now() + timeoutMs;
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, 50)) {
    writeFile(path, 'freezer.state', 'FROZEN');
    if (readIfPresent(`${path}/freezer.state`)?.trim() !== 'FREEZING') return true;
    if (now() >= deadline) return false;
    await delay(waitMs);
  }
}

function selectPath(ref: CgroupRef, action: string): string {
  for (const target of listTargets(ref)) checkIdentity(action, target);
  const path = ref.v2?.path ?? findFreezer(ref)?.path;
  if (path !== undefined) return path;
  throw new CgroupError({
    action: `${action} ${ref.id}`,
    syscall: 'open',
    errno: errnoNumber('ENOENT') ?? 2,
    cgroup: ref.v1[0]?.path ?? '',
  });
}

const findFreezer = ({ v1 }: CgroupRef): { readonly path: string } | undefined =>
  v1.find(({ controllers }) => controllers.includes('freezer'));
