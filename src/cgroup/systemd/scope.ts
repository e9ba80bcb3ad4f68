import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerError, isContainerError } from '../../errors/container-error.js';
import type { CgroupPlan, ScopePlan } from '../../plan/types.js';
import { now } from '../../util/now.js';
import { type CreateContext, createCgroup } from '../create.js';
import { readLayout } from '../facts.js';
import { onDirectory } from '../files.js';
import { join } from '../join.js';
import { locate, parseSelfCgroup } from '../layout.js';
import type { CgroupRef } from '../types.js';
import type { Manager } from './manager.js';

/** The cgroup of the process that keeps a scope from being empty. */
const KEEPER = 'keeper';

/** A plan that has a scope. */
export type PlanInScope = Required<Pick<CgroupPlan, 'scope' | 'v2'>>;

/** Who is put into a scope, by their numbers in this process's pid namespace. */
export interface ScopeProcesses {
  /**
   * Ends only after the container's cgroups have been read and removed: systemd removes a scope in which nothing lives at
   * once, and nobody would know any more what the container has used, or whether it ran out of memory.
   */
  readonly keeper: number;
  /** The container's first process, which does nothing meanwhile. */
  readonly init: number;
}

/**
 * Has systemd make a scope around a container's first process, and makes the container's cgroups below it, as they are made
 * anywhere else: what is below is left to corral (`Delegate=yes`). Before the process goes on, all limits are in force.
 *
 * @returns the reference by which it is joined, watched and killed
 * @throws ContainerError with what systemd says; CgroupError naming the file; what was made until then is on the undo stack
 */
export async function createScope(
  { scope, v2 }: PlanInScope,
  { keeper, init }: ScopeProcesses,
  context: Required<CreateContext> & { readonly manager: Manager },
): Promise<CgroupRef> {
  const { act, manager } = context;
  await act(`start ${scope.unit}`, () => startScope(manager, scope, [keeper, init]));
  const base = act(`find the cgroup of ${scope.unit}`, () => findCgroup(init)) ?? v2.base;
  const leaf = `${base}/${KEEPER}`;
  act(`make cgroup ${leaf}`, () => onDirectory(`make cgroup ${leaf}`, leaf, () => mkdirSync(leaf)));
  // Both: a cgroup that holds a process hands no controller down.
  for (const pid of [keeper, init]) join(leaf, pid, act);
  const placed = moveTo(base, v2);
  const ref = createCgroup({ v2: placed, v1: [], scope }, { ...context, isFresh: true });
  join(placed.payload, init, act);
  return ref;
}

/** Returns where the scope of a container is, once it has been made. */
export function scopeDirectory({ scope, v2 }: CgroupRef): string | undefined {
  return scope === undefined || v2 === undefined ? undefined : dirname(v2.path);
}

// Where systemd has really put it: its slices may be elsewhere where it is in a container itself.
function moveTo(base: string, v2: PlanInScope['v2']): PlanInScope['v2'] {
  const move = (path: string): string => base + path.slice(v2.base.length);
  return {
    ...v2,
    base,
    path: move(v2.path),
    payload: move(v2.payload),
    enable: v2.enable.map(({ path, controllers }) => ({ path: move(path), controllers })),
  };
}

/** How long a unit of the same name may take to go: systemd forgets it a moment after its cgroup. */
const FORGET_MS = 2000;

async function startScope(manager: Manager, scope: ScopePlan, pids: readonly number[]): Promise<void> {
  const deadline = now() + FORGET_MS;
  for (let pause = 2; ; pause *= 2) {
    try {
      await manager.startScope(scope, pids);
      return;
    } catch (error) {
      if (!isContainerError(error) || error.code !== 'ERR_UNIT_EXISTS') throw error;
      if (now() + pause > deadline) throw describeConflict(scope, error);
      await delay(pause);
    }
  }
}

function describeConflict({ unit, manager }: ScopePlan, error: ContainerError): ContainerError {
  const user = manager === 'user' ? ' --user' : '';
  const hint = `choose another name; systemctl${user} status ${unit} says what it is, systemctl${user} stop ${unit} ends it`;
  return new ContainerError(error.message, error.code, { cause: error, hint });
}

function findCgroup(pid: number): string | undefined {
  const { v2 } = readLayout();
  const path = parseSelfCgroup(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8')).get('');
  return v2 === undefined || path === undefined ? undefined : locate(v2, path);
}
