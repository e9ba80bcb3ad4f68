import type { CgroupPlan } from '../plan/types.js';
import type { Step } from '../plan/steps.js';
import type { SpecNamespaceType } from '../spec/types.js';
import { CLONE, type CloneFlag } from '../util/linux.js';
import type { Context } from './context.js';

/** The clone(2) flag of each type of namespace. */
export const FLAG_OF: Readonly<Record<SpecNamespaceType, CloneFlag>> = {
  user: 'CLONE_NEWUSER',
  mount: 'CLONE_NEWNS',
  pid: 'CLONE_NEWPID',
  ipc: 'CLONE_NEWIPC',
  uts: 'CLONE_NEWUTS',
  network: 'CLONE_NEWNET',
  cgroup: 'CLONE_NEWCGROUP',
  time: 'CLONE_NEWTIME',
};

/**
 * Chooses the namespaces of the clone.
 *
 * A cgroup namespace is rooted at the cgroups that its creator is in. The v2 one is right from birth; v1 cgroups are joined
 * after the clone, and so is a scope of systemd's: then the namespace is made by a step of its own, once the child has been
 * moved.
 */
export function compileClone(
  { spec }: Context,
  cgroup: CgroupPlan,
): { readonly flags: readonly CloneFlag[]; readonly steps: readonly Step[] } {
  const wanted = spec.linux.namespaces.map(({ type }) => FLAG_OF[type]);
  const late = (cgroup.v1.length > 0 || cgroup.scope !== undefined) && wanted.includes('CLONE_NEWCGROUP');
  return {
    flags: late ? wanted.filter((flag) => flag !== 'CLONE_NEWCGROUP') : wanted,
    steps: late ? [{ op: 'unshare', flags: CLONE.CLONE_NEWCGROUP }] : [],
  };
}
