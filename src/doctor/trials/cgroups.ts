import { closeSync, openSync, readFileSync } from 'node:fs';
import { createCgroup } from '../../cgroup/create.js';
import { readIfPresent, tryWrite } from '../../cgroup/files.js';
import { freezeCgroup, thawCgroup } from '../../cgroup/freeze.js';
import { join } from '../../cgroup/join.js';
import { killCgroup } from '../../cgroup/kill.js';
import { removeParent } from '../../cgroup/parent.js';
import { parseWords } from '../../cgroup/parse.js';
import { planCgroup } from '../../cgroup/plan.js';
import { Manager } from '../../cgroup/systemd/manager.js';
import { createScope } from '../../cgroup/systemd/scope.js';
import { untilScopeGone } from '../../cgroup/systemd/scope-end.js';
import type { CgroupFacts, CgroupRef } from '../../cgroup/types.js';
import { Keeper } from '../../container/keeper.js';
import { actNow } from '../../container/launch.js';
import { randomName } from '../../container/random-name.js';
import type { CgroupPlan } from '../../plan/types.js';
import { UndoStack } from '../../util/undo.js';
import type { CgroupTrials, Trial } from '../types.js';
import { withInit } from './kernel.js';
import { toFailure, tryOut } from './trial.js';

/** Makes a cgroup as a container's is made, but without handing controllers down, and tries everything with it. */
export async function tryCgroup(facts: CgroupFacts): Promise<CgroupTrials | undefined> {
  const plan = planBare(facts);
  if (plan === undefined) return undefined;
  const undo = new UndoStack();
  const { v2, scope } = plan;
  try {
    if (scope !== undefined && v2 !== undefined) return await tryScoped({ v2, scope }, undo);
    const ref = createCgroup(plan, { undo, act: actNow });
    const trials = await tryWith(ref, plan);
    removeParent(ref);
    return trials;
  } catch (error) {
    const failure = toFailure(error);
    return { born: failure, freeze: failure, kill: failure };
  } finally {
    await undo.unwind();
  }
}

/**
 * Notes which controllers a cgroup hands down.
 *
 * @returns takes back those that have been added since; the kernel keeps the ones that somebody else has come to use (EBUSY)
 */
export function noteControllers({ v2Base }: CgroupFacts): () => void {
  if (v2Base === undefined) return () => undefined;
  const file = `${v2Base.path}/cgroup.subtree_control`;
  const before = parseWords(readIfPresent(file) ?? '');
  return () => {
    const added = parseWords(readIfPresent(file) ?? '').filter((controller) => !before.includes(controller));
    // One at a time: one that is in use must not keep the others.
    for (const controller of added) tryWrite(file, `-${controller}`);
  };
}

function planBare(facts: CgroupFacts): CgroupPlan | undefined {
  const { v2, v1, scope } = planCgroup({ id: `doctor-${randomName()}`, facts, resources: {} });
  if (v2 === undefined && v1.length === 0) return undefined;
  return { ...(v2 === undefined ? {} : { v2: { ...v2, enable: [], writes: [] } }), v1, ...(scope && { scope }) };
}

async function tryScoped(plan: Parameters<typeof createScope>[0], undo: UndoStack): Promise<CgroupTrials> {
  using manager = await Manager.connect();
  const keeper = await Keeper.start();
  undo.push('end keeper', () => keeper.end());
  return await withInit({ flags: 0 }, async ({ pid }) => {
    const context = { undo, act: actNow, id: plan.scope.unit, isFresh: true, manager };
    const ref = await createScope(plan, { keeper: keeper.pid, init: pid }, context);
    const trials = await tryOn(ref, pid, [ref.v2?.payload ?? plan.v2.payload]);
    await keeper.end();
    await untilScopeGone(ref);
    return { ...trials, scope: plan.scope.manager };
  });
}

async function tryWith(ref: CgroupRef, { v2, v1 }: CgroupPlan): Promise<CgroupTrials> {
  const cgroupFd = v2 === undefined ? undefined : openSync(v2.payload, 'r');
  try {
    return await withInit({ flags: 0, cgroupFd }, async ({ pid, fallback }) => {
      if (v2 !== undefined && fallback !== undefined) join(v2.payload, pid, actNow);
      for (const { path } of v1) join(path, pid, actNow);
      const paths = [...(v2 === undefined ? [] : [v2.payload]), ...v1.map(({ path }) => path)];
      const { born, ...others } = await tryOn(ref, pid, paths);
      return { born: { ...born, ...(fallback === undefined ? {} : { fallback: fallback.reason }) }, ...others };
    });
  } finally {
    if (cgroupFd !== undefined) closeSync(cgroupFd);
  }
}

/** Tries what can be done to a process in its cgroups, at `paths`. */
async function tryOn(ref: CgroupRef, pid: number, paths: readonly string[]): Promise<CgroupTrials> {
  const born = await tryOut(() => {
    checkMember(pid, paths);
  });
  const freeze = await tryOut(async () => {
    await freezeCgroup(ref);
    thawCgroup(ref);
  });
  return { born, freeze, kill: await tryKill(ref) };
}

function checkMember(pid: number, paths: readonly string[]): void {
  for (const path of paths) {
    const members = readFileSync(`${path}/cgroup.procs`, 'utf8').split('\n');
    if (!members.includes(String(pid))) throw new Error(`${path} does not have the process that was put there`);
  }
}

async function tryKill(ref: CgroupRef): Promise<Trial & { readonly rung?: string }> {
  try {
    const { rung } = await killCgroup(ref);
    return { ok: true, rung };
  } catch (error) {
    return toFailure(error);
  }
}
