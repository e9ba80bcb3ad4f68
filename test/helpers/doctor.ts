import { planCgroup } from '../../src/cgroup/plan.js';
import { UnsupportedError } from '../../src/errors/unsupported-error.js';
import { diagnose } from '../../src/doctor/diagnose.js';
import {
  type Diagnosis,
  type DoctorFacts,
  type Finding,
  LIMITS,
  type Limit,
  type Trial,
  type Trials,
} from '../../src/doctor/types.js';
import type { HostFacts, SystemFacts } from '../../src/host/facts.js';
import { NAMESPACE_TYPES } from '../../src/spec/types.js';
import { hostFacts } from './facts.js';

const WORKED: Trial = { ok: true };

/** A trial that has failed. */
export function failure(code: string, message: string, hint?: string): Extract<Trial, { ok: false }> {
  return { ok: false, code, message, ...(hint === undefined ? {} : { hint }) };
}

/** What is read of a Debian with everything, by whoever the host's facts say. */
function systemFacts({ caller, userns, kernel, cgroup }: HostFacts, changes: Partial<SystemFacts> = {}): SystemFacts {
  return {
    release: `${kernel.join('.')}.0-amd64`,
    distribution: { id: 'debian', like: [], name: 'Debian GNU/Linux 13' },
    user: { name: caller.uid === 0 ? 'root' : 'ann', uid: caller.uid },
    program: '/usr/bin/node',
    sysctls: { 'user.max_user_namespaces': '15000', 'kernel.seccomp.actions_avail': 'kill_process trap errno allow' },
    lsm: { active: ['capability', 'landlock', 'yama', 'apparmor'] },
    confinement: { seccomp: false, noNewPrivileges: false },
    systemd: { booted: true, userManager: caller.uid !== 0, delegated: ['cpu', 'memory', 'pids'] },
    cgroup: {
      controllers: cgroup.layout.mode === 'unified' ? ['cpuset', 'cpu', 'io', 'memory', 'pids'] : [],
      companions: cgroup.v2Base?.needsEvacuation === true ? 3 : 0,
    },
    ids: { ...userns.subordinate, free: 165_536, newuidmap: 'ok', newgidmap: 'ok' },
    proc: { hidepid: '0', covered: [] },
    pressure: true,
    cpus: '0-3',
    ...changes,
  };
}

/** What comes of trials where all that the facts allow works. */
export function trials(host: HostFacts, changes: Partial<Trials> = {}): Trials {
  const { v2, v1 } = planCgroup({ id: 'x', facts: host.cgroup, resources: {} });
  const cgroup = {
    born: { ok: true, ...(v2 === undefined ? { fallback: 'clone3 is not available here' } : {}) },
    freeze: WORKED,
    kill: { ok: true, rung: v2 === undefined ? 'freezer' : 'cgroup.kill' },
  } as const;
  const tried = LIMITS.filter((limit) => isPlanned(limit, host) && host.cgroup.v2Base?.needsEvacuation !== true);
  return {
    namespaces: Object.fromEntries(NAMESPACE_TYPES.map((type) => [type, WORKED])) as Trials['namespaces'],
    memfd: WORKED,
    pidfd: WORKED,
    pidfdInfo: WORKED,
    idMaps: WORKED,
    ...(host.caller.privileged ? { idmap: WORKED } : {}),
    overlay: WORKED,
    proc: WORKED,
    sysfs: WORKED,
    tree: WORKED,
    ...(v2 === undefined && v1.length === 0 ? {} : { cgroup }),
    limits: Object.fromEntries(tried.map((limit) => [limit, WORKED])),
    container: { ok: true, startedMs: 5.5, goneMs: 7 },
    ...changes,
  };
}

function isPlanned(limit: Limit, { cgroup }: HostFacts): boolean {
  const resources = {
    memory: { memory: { limit: 1 } },
    cpu: { cpu: { shares: 2 } },
    cpuset: { cpu: { cpus: '0' } },
    pids: { pids: { limit: 1 } },
    io: { blockIO: { weight: 10 } },
  };
  try {
    planCgroup({ id: 'x', facts: cgroup, resources: resources[limit] });
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

/** Everything that a diagnosis is made from, of a host on which all that its facts allow works. */
export function doctorFacts(
  host: HostFacts,
  changes: { readonly system?: Partial<SystemFacts>; readonly trials?: Partial<Trials> } = {},
): DoctorFacts {
  return { host, system: systemFacts(host, changes.system), trials: trials(host, changes.trials) };
}

/** A host that differs from one where all works. */
export interface DoctorCase {
  readonly host?: HostFacts;
  readonly system?: Partial<SystemFacts>;
  readonly trials?: Partial<Trials>;
}

/** The diagnosis of a case. */
export function diagnosisOf({ host = hostFacts(), ...changes }: DoctorCase): Diagnosis {
  return diagnose(doctorFacts(host, changes));
}

/** One finding of it. @throws Error when there is none of that id */
export function findingOf(id: string, what: DoctorCase): Finding {
  const all = diagnosisOf(what).groups.flatMap(({ findings }) => findings);
  const found = all.find((finding) => finding.id === id);
  if (found === undefined) throw new Error(`no ${id} among ${all.map((finding) => finding.id).join(', ')}`);
  return found;
}

/** A finding's ways out in one text. */
export function fixesOf({ fixes = [] }: Finding): string {
  return fixes
    .map(({ what, file, run = [] }) => [what, file?.path, file?.content, ...run].filter(Boolean).join('\n'))
    .join('\n');
}

/** Distributions, by what os-release(5) says. */
export const DISTRIBUTIONS: Readonly<Record<string, SystemFacts['distribution']>> = {
  debian: { id: 'debian', like: [], name: 'Debian' },
  mint: { id: 'linuxmint', like: ['ubuntu', 'debian'], name: 'Mint' },
  rocky: { id: 'rocky', like: ['rhel', 'centos', 'fedora'], name: 'Rocky' },
  arch: { id: 'arch', like: [], name: 'Arch' },
  alpine: { id: 'alpine', like: [], name: 'Alpine' },
  leap: { id: 'opensuse-leap', like: ['suse', 'opensuse'], name: 'Leap' },
  void: { id: 'void', like: [], name: 'Void' },
};
