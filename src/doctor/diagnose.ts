import { diagnoseCgroups } from './findings/cgroups.js';
import { diagnoseFiles } from './findings/files.js';
import { diagnoseIds } from './findings/ids.js';
import { diagnoseKernel } from './findings/kernel.js';
import { diagnoseLimits } from './findings/limits.js';
import { diagnoseNamespaces } from './findings/namespaces.js';
import { diagnoseProof } from './findings/proof.js';
import { diagnoseSecurity } from './findings/security.js';
import type { Diagnosis, DoctorFacts, Group, Status } from './types.js';

/** Says what works on a host and what does not, what that costs, and how to get it: from what was read and tried. */
export function diagnose(facts: DoctorFacts): Diagnosis {
  const groups = [
    diagnoseCgroups(facts),
    diagnoseLimits(facts),
    diagnoseNamespaces(facts),
    diagnoseKernel(facts),
    diagnoseFiles(facts),
    diagnoseIds(facts),
    diagnoseSecurity(facts),
    diagnoseProof(facts),
  ];
  return { runs: facts.trials.container.ok, verdict: selectVerdict(facts, groups), groups };
}

/** The worst of a group's findings. */
export function statusOf({ findings }: Group): Status {
  const statuses = findings.map(({ status }) => status);
  return statuses.includes('missing') ? 'missing' : statuses.includes('limited') ? 'limited' : 'ok';
}

function selectVerdict({ trials }: DoctorFacts, groups: readonly Group[]): string {
  if (!trials.container.ok) {
    return trials.bare?.ok === true
      ? 'corral cannot run containers here; corral run --isolation cgroup works.'
      : 'corral can run nothing here.';
  }
  const lacking = groups.flatMap(({ findings }) => findings).filter(({ status }) => status !== 'ok').length;
  if (lacking === 0) return 'corral runs containers here, with everything.';
  return `corral runs containers here; ${lacking === 1 ? 'one thing is' : `${String(lacking)} things are`} limited or missing.`;
}
