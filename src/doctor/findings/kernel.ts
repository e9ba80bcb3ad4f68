import { NAMESPACE_FLAGS, loosenOuter } from '../../compile/outer.js';
import type { DoctorFacts, Finding, Fix, Group, Trial } from '../types.js';
import { failed } from './cgroups.js';
import { hasUserNamespace } from './namespaces.js';
import { loadModule, setSysctl, useKernel } from './fixes.js';

const NOTHING_WORKS = 'corral runs nothing here';

/** What of the kernel corral builds on. */
export function diagnoseKernel(facts: DoctorFacts): Group {
  const { release } = facts.system;
  return {
    name: 'kernel',
    summary: `Linux ${release} has all that is needed`,
    findings: [
      version(facts),
      memfd(facts),
      pidfd(facts),
      pidfdInfo(facts),
      // Without it nothing can be mounted, and there is no need to say so four times.
      ...(hasUserNamespace(facts) ? mounts(facts) : []),
      seccomp(facts),
    ],
  };
}

function mounts(facts: DoctorFacts): readonly Finding[] {
  const { proc, sysfs } = facts.trials;
  return [mountApi(facts), overlay(facts), pseudo('proc', proc, facts), pseudo('sysfs', sysfs, facts)];
}

function version({ host: { kernel }, system }: DoctorFacts): Finding {
  const [major, minor] = kernel;
  const about = { id: 'kernel.version', subject: 'version' };
  if (major > 5 || (major === 5 && minor >= 14)) return { ...about, status: 'ok', detail: `Linux ${system.release}` };
  return {
    ...about,
    status: 'limited',
    detail: `Linux ${system.release} is older than 5.14`,
    cost: 'no cgroup.kill, and nobody tests corral on it',
    fixes: [useKernel('5.14')],
  };
}

function memfd({ trials: { memfd: trial }, system }: DoctorFacts): Finding {
  const about = { id: 'kernel.memfd', subject: 'executable memfd' };
  if (trial.ok)
    return { ...about, status: 'ok', detail: 'corral-init runs from memory: no file of the host is behind it' };
  const forbidden = system.sysctls['vm.memfd_noexec'] === '2';
  return {
    ...failed(about, trial, NOTHING_WORKS),
    fixes: forbidden ? [setSysctl('vm.memfd_noexec', '1', 'allow executable memfds to those who ask, as root')] : [],
  };
}

function pidfd({ trials: { pidfd: trial } }: DoctorFacts): Finding {
  const about = { id: 'kernel.pidfd', subject: 'pidfd' };
  if (trial.ok) return { ...about, status: 'ok', detail: 'processes are held by descriptors, never by number' };
  return { ...failed(about, trial, NOTHING_WORKS), fixes: [useKernel('5.4')] };
}

function pidfdInfo({ trials: { pidfdInfo: trial } }: DoctorFacts): Finding {
  const about = { id: 'kernel.pidfd-info', subject: 'PIDFD_GET_INFO' };
  const detail = trial.ok
    ? 'it works'
    : 'not there (Linux 6.13 has it); at most corral wait knows less, of a container whose owner has died';
  return { ...about, status: 'ok', detail };
}

function mountApi({ trials: { tree: trial }, system }: DoctorFacts): Finding {
  const about = { id: 'kernel.mount-api', subject: 'openat2, open_tree, mount_setattr' };
  if (trial.ok) return { ...about, status: 'ok', detail: 'paths and mounts are held by descriptors' };
  return {
    ...failed(about, trial, 'corral runs nothing but --isolation cgroup'),
    fixes: trial.code === 'ENOSYS' ? [useKernel('5.12')] : outer(system),
  };
}

function overlay({ trials: { overlay: trial }, host, system }: DoctorFacts): Finding {
  const about = { id: 'kernel.overlay', subject: 'overlayfs' };
  const where = host.caller.privileged ? '' : ' in a user namespace';
  if (trial.ok) return { ...about, status: 'ok', detail: `it can be mounted${where}` };
  const cost = 'no throw-away layer over the host’s files: corral run needs --rootfs DIR';
  const fixes = trial.code === 'ENODEV' ? [loadModule('overlay')] : trial.code === 'EPERM' ? [useKernel('5.11')] : [];
  return { ...failed(about, trial, cost), fixes: [...fixes, ...outer(system)] };
}

// The kernel lets nobody look past a cover: a new proc must show no more than the one that is there.
function pseudo(type: 'proc' | 'sysfs', trial: Trial, { system }: DoctorFacts): Finding {
  const about = { id: `kernel.${type}`, subject: `new ${type}` };
  if (trial.ok) {
    const { hidepid } = system.proc;
    const hidden = type === 'proc' && hidepid !== '0' ? ` (the host’s has hidepid=${hidepid})` : '';
    return { ...about, status: 'ok', detail: `it can be mounted${hidden}` };
  }
  const { covered } = system.proc;
  const why = type === 'proc' && covered.length > 0 ? `: ${covered.join(', ')} are covered here` : '';
  return {
    ...failed(about, trial, 'corral runs nothing but --isolation cgroup, or --userns host by root'),
    detail: `${trial.message}${why}`,
    fixes: outer(system),
  };
}

function outer({ inside }: DoctorFacts['system']): readonly Fix[] {
  return inside === undefined ? [] : [loosenOuter(inside, NAMESPACE_FLAGS)];
}

function seccomp({ system: { sysctls, confinement } }: DoctorFacts): Finding {
  const about = { id: 'kernel.seccomp', subject: 'seccomp' };
  const filtered = confinement.seccomp ? '; this process is itself under a filter' : '';
  if (sysctls['kernel.seccomp.actions_avail'] !== undefined) {
    return { ...about, status: 'ok', detail: `the kernel has filters${filtered}` };
  }
  return {
    ...about,
    status: 'limited',
    detail: 'the kernel has no filters',
    cost: 'programs in containers cannot load their own, as browsers do',
    fixes: [{ what: 'boot a kernel that was built with CONFIG_SECCOMP_FILTER' }],
  };
}
