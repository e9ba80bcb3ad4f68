import { createScope } from '../cgroup/systemd/scope.js';
import { Manager } from '../cgroup/systemd/manager.js';
import type { CgroupRef } from '../cgroup/types.js';
import type { Placement } from '../plan/types.js';
import { Keeper } from './keeper.js';
import { type LaunchContext, type LaunchedProcess, type ProcessPlan, actNow, launchProcess } from './launch.js';

/**
 * Launches a container in a scope of systemd's: clones corral-init where the caller is, has systemd make the scope around it,
 * and sends it its plan once it is in its cgroup, under its limits.
 *
 * Born in the cgroup it cannot be: systemd makes no scope without a process, and to an unprivileged caller the kernel refuses
 * a clone across the tree.
 *
 * @param onCgroup - called once the cgroups exist, before anything runs in them
 * @returns with the keeper of the scope, which belongs to the caller after a success; an engine's has none
 * @throws LaunchError, ContainerError with what systemd says; everything made so far is on the undo stack
 */
export async function launchInScope(
  plan: Placement & ProcessPlan,
  context: LaunchContext,
  onCgroup: (cgroup: CgroupRef) => void,
): Promise<LaunchedProcess & { readonly cgroup: CgroupRef; readonly keeper?: Keeper }> {
  const { v2, scope, flat, devices } = plan.cgroup;
  if (v2 === undefined || scope === undefined) throw new Error('a plan without a scope is not launched in one');
  const { undo } = context;
  const act = context.faults?.act ?? actNow;
  const keeper = flat === true ? undefined : await act('start keeper', () => startKeeper(context));
  // It takes as long as the clone.
  const connecting = Manager.connect();
  connecting.catch(() => undefined);
  let cgroup: CgroupRef | undefined;
  try {
    const process = await launchProcess(plan, context, {
      join: async ({ pid }) => {
        const manager = await connecting;
        cgroup = await createScope(
          { v2, scope, ...(flat && { flat }), ...(devices && { devices }) },
          { ...(keeper && { keeper: keeper.pid }), init: pid },
          { undo, act, id: plan.id, isFresh: true, manager },
        );
        onCgroup(cgroup);
        return cgroup.v2?.payload ?? v2.payload;
      },
    });
    if (cgroup === undefined) throw new Error('a process was launched and put nowhere');
    return { ...process, cgroup, ...(keeper && { keeper }) };
  } finally {
    await connecting.then(
      (manager) => {
        manager[Symbol.dispose]();
      },
      () => undefined,
    );
  }
}

async function startKeeper({ undo }: LaunchContext): Promise<Keeper> {
  const keeper = await Keeper.start();
  undo.push('end keeper', () => keeper.end());
  return keeper;
}
