import { NOTES, WITHOUT } from '../../compile/notes.js';
import { loosenOuter } from '../../compile/outer.js';
import type { CgroupTrials, DoctorFacts, Finding, Group, Trial } from '../types.js';
import { diagnosePlace } from './delegation.js';
import { setBootParameter, useKernel } from './fixes.js';

/** How the host mounts cgroups, where containers' can be made, and what can be done to a container with one. */
export function diagnoseCgroups(facts: DoctorFacts): Group {
  const { cgroup } = facts.trials;
  return {
    name: 'cgroups',
    summary: `${facts.host.cgroup.layout.mode}; containers are born in their own, frozen and killed with one write`,
    findings: [
      mode(facts),
      diagnosePlace(facts),
      ...(cgroup === undefined ? [] : [born(facts, cgroup), freeze(cgroup), kill(cgroup)]),
      pressure(facts),
    ],
  };
}

function mode({ host: { cgroup }, system }: DoctorFacts): Finding {
  const { layout } = cgroup;
  const about = { id: 'cgroups.mode', subject: 'cgroup mode' };
  const v1 = `v1 with ${layout.v1.flatMap(({ controllers }) => controllers).join(', ')}`;
  switch (layout.mode) {
    case 'unified':
      return { ...about, status: 'ok', detail: `unified: cgroup v2 at ${layout.v2?.mount ?? ''}` };
    case 'hybrid':
      return { ...about, status: 'ok', detail: `hybrid: cgroup v2 at ${layout.v2?.mount ?? ''}, beside it ${v1}` };
    case 'legacy':
      return {
        ...about,
        status: 'limited',
        detail: `legacy: only ${v1}`,
        cost: 'containers are moved into their cgroups after their birth, and killed process by process',
        fixes: [
          { what: 'mount cgroup v2 beside it, as root', run: [...MOUNT_BESIDE] },
          ...(system.systemd.booted ? [bootUnified(system)] : []),
        ],
      };
    case 'none':
      return {
        ...about,
        status: 'missing',
        detail: 'no cgroup file system is mounted',
        cost: WITHOUT.cgroup,
        fixes: [{ what: 'mount cgroup v2, as root', run: ['mount -t cgroup2 none /sys/fs/cgroup'] }],
      };
  }
}

const MOUNT_BESIDE = ['mkdir -p /sys/fs/cgroup/unified', 'mount -t cgroup2 none /sys/fs/cgroup/unified'] as const;

function bootUnified(system: DoctorFacts['system']): ReturnType<typeof setBootParameter> {
  return setBootParameter(system, 'systemd.unified_cgroup_hierarchy=1', 'or boot with cgroup v2 alone');
}

function born({ system }: DoctorFacts, { born: trial, scope }: CgroupTrials): Finding {
  const about = { id: 'cgroups.born', subject: 'birth in the cgroup' };
  if (!trial.ok) return failed(about, trial, 'corral run fails: its first process cannot be put into its cgroup');
  if (scope !== undefined)
    return { ...about, status: 'ok', detail: 'systemd makes it around the first process, before that does anything' };
  if (trial.fallback === undefined) return { ...about, status: 'ok', detail: 'clone3 with CLONE_INTO_CGROUP works' };
  const seccomp = { docker: '--security-opt seccomp=unconfined', podman: '--security-opt seccomp=unconfined' };
  return {
    ...about,
    status: 'limited',
    detail: NOTES.bornElsewhere(trial.fallback),
    cost: 'each start waits up to 10 ms for the move; nothing of the command runs before it',
    fixes: [
      ...(system.inside === undefined ? [] : [loosenOuter(system.inside, seccomp)]),
      ...(system.confinement.seccomp ? [] : [useKernel('5.7')]),
    ],
  };
}

function freeze({ freeze: trial }: CgroupTrials): Finding {
  const about = { id: 'cgroups.freeze', subject: 'freezing' };
  if (trial.ok) return { ...about, status: 'ok', detail: 'a container can be stopped in its tracks' };
  return { ...failed(about, trial, 'containers cannot be paused'), fixes: [useKernel('5.2')] };
}

function kill({ kill: trial }: CgroupTrials): Finding {
  const about = { id: 'cgroups.kill', subject: 'killing' };
  if (!trial.ok)
    return failed(about, trial, 'containers may outlive their end: nothing takes a cgroup down as a whole');
  if (trial.rung === 'cgroup.kill') return { ...about, status: 'ok', detail: 'cgroup.kill: one write takes all' };
  return {
    ...about,
    status: 'limited',
    detail: `no cgroup.kill here: a container is killed by ${RUNGS[trial.rung ?? ''] ?? 'signals, one by one'}`,
    cost: 'a kill takes longer, the more processes there are',
    fixes: [useKernel('5.14', ', with cgroup v2')],
  };
}

const RUNGS: Readonly<Partial<Record<string, string>>> = {
  freeze: 'freezing it and signalling its processes one by one',
  freezer: 'freezing it by cgroup v1 and signalling its processes one by one',
  list: 'signalling its processes one by one, and a fork bomb may be faster',
};

function pressure({ system }: DoctorFacts): Finding {
  const about = { id: 'cgroups.pressure', subject: 'pressure (PSI)' };
  if (system.pressure) return { ...about, status: 'ok', detail: 'the kernel measures who waits for what' };
  return {
    ...about,
    status: 'limited',
    detail: 'the kernel does not measure it',
    cost: 'results and stats do not say how long a container waited for CPU, memory or I/O',
    fixes: [setBootParameter(system, 'psi=1', 'switch it on, where the kernel was built with it (Linux 4.20)')],
  };
}

/** Returns a finding about something that was tried and failed. */
export function failed(
  about: Pick<Finding, 'id' | 'subject'>,
  trial: Extract<Trial, { ok: false }>,
  cost: string,
): Finding {
  return {
    ...about,
    status: 'missing',
    detail: trial.message,
    cost,
    ...(trial.hint === undefined ? {} : { fixes: [{ what: trial.hint }] }),
  };
}
