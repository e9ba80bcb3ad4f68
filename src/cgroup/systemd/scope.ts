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
import { Manager } from './manager.js';

/** The cgroup of the process that keeps a scope from being empty. */
const KEEPER = 'keeper';

/** A plan that has a scope. */
export type PlanInScope = Required<Pick<CgroupPlan, 'scope' | 'v2'>> & Pick<CgroupPlan, 'flat' | 'devices'>;

/** Who is put into a scope, by their numbers in this process's pid namespace. */
export interface ScopeProcesses {
  /**
   * Ends only after the container's cgroups have been read and removed: systemd removes a scope in which nothing lives at
   * once, and nobody would know any more what the container has used, or whether it ran out of memory. An engine's container has
   * none: its processes are the only ones in its cgroup.
   */
  readonly keeper?: number;
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
  { scope, v2, ...plan }: PlanInScope,
  { keeper, init }: ScopeProcesses,
  context: Required<CreateContext> & { readonly manager: Manager },
): Promise<CgroupRef> {
  const { act, manager } = context;
  if (plan.flat === true) return createUnit({ scope, v2, ...plan }, init, context);
  const pids = [...(keeper === undefined ? [] : [keeper]), init];
  await act(`start ${scope.unit}`, () => startScope(manager, scope, pids));
  const base = act(`find the cgroup of ${scope.unit}`, () => findCgroup(init)) ?? v2.base;
  const leaf = `${base}/${KEEPER}`;
  act(`make cgroup ${leaf}`, () => onDirectory(`make cgroup ${leaf}`, leaf, () => mkdirSync(leaf)));
  // Both: a cgroup that holds a process hands no controller down.
  for (const pid of pids) join(leaf, pid, act);
  const placed = moveTo(base, v2);
  const ref = createCgroup({ v2: placed, v1: [], scope }, { ...context, isFresh: true });
  join(placed.payload, init, act);
  return ref;
}

// The unit's own cgroup is the container's. A slice is no place that systemd would put a process into.
async function createUnit(
  { scope, v2, ...plan }: PlanInScope,
  init: number,
  { manager, ...context }: Required<CreateContext> & { readonly manager: Manager },
): Promise<CgroupRef> {
  const { act, undo } = context;
  const isSlice = scope.unit.endsWith('.slice');
  await act(`start ${scope.unit}`, () => startScope(manager, scope, isSlice ? [] : [init]));
  if (isSlice) {
    undo.push(`stop ${scope.unit}`, () => stopUnit(scope.unit));
    join(v2.path, init, act);
  }
  const path = act(`find the cgroup of ${scope.unit}`, () => findCgroup(init)) ?? v2.path;
  const placed = { ...v2, path, payload: path };
  const { devices } = plan;
  const moved = devices && { devices: { ...devices, path } };
  return createCgroup({ ...plan, ...moved, v2: placed, v1: [], scope }, { ...context, isFresh: true });
}

async function stopUnit(unit: string): Promise<void> {
  using manager = await Manager.connect();
  await manager.stop(unit);
}

/** Returns where the scope of a container is, once it has been made. */
export function scopeDirectory({ scope, v2, flat }: CgroupRef): string | undefined {
  if (scope === undefined || v2 === undefined) return undefined;
  return flat === true ? v2.path : dirname(v2.path);
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
