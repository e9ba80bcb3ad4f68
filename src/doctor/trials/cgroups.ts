import { closeSync, openSync, readFileSync } from 'node:fs';
import { createCgroup } from '../../cgroup/create.js';
import { readIfPresent, tryWrite } from '../../cgroup/files.js';
import { freezeCgroup, thawCgroup } from '../../cgroup/freeze.js';
import { join } from '../../cgroup/join.js';
import { killCgroup } from '../../cgroup/kill.js';
import { removeParent } from '../../cgroup/parent.js';
import { parseWords } from '../../cgroup/parse.js';
import { planCgroup } from '../../cgroup/plan.js';
import type { CgroupFacts, CgroupRef } from '../../cgroup/types.js';
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
  try {
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
  const { v2, v1 } = planCgroup({ id: `doctor-${randomName()}`, facts, resources: {} });
  if (v2 === undefined && v1.length === 0) return undefined;
  return { ...(v2 === undefined ? {} : { v2: { ...v2, enable: [], writes: [] } }), v1 };
}

async function tryWith(ref: CgroupRef, { v2, v1 }: CgroupPlan): Promise<CgroupTrials> {
  const cgroupFd = v2 === undefined ? undefined : openSync(v2.payload, 'r');
  try {
    return await withInit({ flags: 0, cgroupFd }, async ({ pid, fallback }) => {
      if (v2 !== undefined && fallback !== undefined) join(v2.payload, pid, actNow);
      for (const { path } of v1) join(path, pid, actNow);
      const born = await tryOut(() =>
        checkMember(pid, [...(v2 === undefined ? [] : [v2.payload]), ...v1.map(({ path }) => path)]),
      );
      const freeze = await tryOut(async () => {
        await freezeCgroup(ref);
        thawCgroup(ref);
      });
      return {
        born: { ...born, ...(fallback === undefined ? {} : { fallback: fallback.reason }) },
        freeze,
        kill: await tryKill(ref),
      };
    });
  } finally {
    if (cgroupFd !== undefined) closeSync(cgroupFd);
  }
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
