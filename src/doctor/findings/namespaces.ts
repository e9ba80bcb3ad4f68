import { USERNS_HINT, WITHOUT } from '../../compile/notes.js';
import { NAMESPACE_FLAGS, loosenOuter } from '../../compile/outer.js';
import type { SystemFacts } from '../../host/facts.js';
import { NAMESPACE_TYPES, type NamespaceType } from '../../spec/types.js';
import type { DoctorFacts, Finding, Fix, Group, Trial } from '../types.js';
import { setSysctl } from './fixes.js';

/** What each namespace is of, and what `corral run` does without one. */
const KINDS: Readonly<
  Record<NamespaceType, { readonly of: string; readonly without: string; readonly sysctl: string }>
> = {
  user: { of: 'user ids', without: '', sysctl: 'user' },
  mount: { of: 'file systems', without: 'corral run works with --isolation cgroup only', sysctl: 'mnt' },
  pid: { of: 'processes', without: 'corral run works with --pid host only', sysctl: 'pid' },
  ipc: { of: 'System V and POSIX IPC', without: 'corral run works with --ipc host only', sysctl: 'ipc' },
  uts: { of: 'host name', without: 'corral run works with --uts host only', sysctl: 'uts' },
  network: { of: 'network', without: 'corral run works with --net host only', sysctl: 'net' },
  cgroup: { of: 'view of the cgroup tree', without: 'corral run works with --cgroupns host only', sysctl: 'cgroup' },
};

/** Which namespaces can be made. */
export function diagnoseNamespaces(facts: DoctorFacts): Group {
  const types = hasUserNamespace(facts) ? NAMESPACE_TYPES : (['user'] as const);
  return {
    name: 'namespaces',
    summary: NAMESPACE_TYPES.join(', '),
    findings: types.map((type) => (type === 'user' ? user(facts) : other(type, facts))),
  };
}

/** Whether there is what all else that an unprivileged user may do comes from; to root nothing depends on it. */
export function hasUserNamespace(facts: DoctorFacts): boolean {
  return user(facts).status !== 'missing';
}

function user(facts: DoctorFacts): Finding {
  const { host, system, trials } = facts;
  const about = { id: 'namespaces.user', subject: 'user namespace' };
  const trial = trials.namespaces.user;
  const { refused } = host.userns;
  if (trial.ok && refused === undefined && !losesRights(facts)) {
    return { ...about, status: 'ok', detail: KINDS.user.of };
  }
  const reason = refused ?? (trial.ok ? 'AppArmor leaves its owner no rights in it' : trial.message);
  return {
    ...about,
    status: host.caller.privileged ? 'limited' : 'missing',
    detail: reason,
    cost: host.caller.privileged
      ? WITHOUT.userNamespace
      : 'an unprivileged user can run nothing but corral run --isolation cgroup',
    fixes: userFixes(system, trial),
  };
}

// Ubuntu 23.10 and later: the namespace can be made, and then every capability in it is denied.
function losesRights({ host, system, trials }: DoctorFacts): boolean {
  return !host.caller.privileged && isRestricted(system) && !trials.namespaces.mount.ok;
}

function isRestricted({ sysctls }: SystemFacts): boolean {
  return sysctls['kernel.apparmor_restrict_unprivileged_userns'] === '1';
}

function userFixes(system: SystemFacts, trial: Trial): readonly Fix[] {
  const { sysctls, inside, user: who } = system;
  if (sysctls['user.max_user_namespaces'] === undefined) return [{ what: 'boot a kernel with CONFIG_USER_NS' }];
  if (sysctls['user.max_user_namespaces'] === '0') {
    return [setSysctl('user.max_user_namespaces', '10000', 'allow user namespaces, as root')];
  }
  if (who.uid !== 0 && sysctls['kernel.unprivileged_userns_clone'] === '0') {
    return [setSysctl('kernel.unprivileged_userns_clone', '1', 'allow them to everybody, as root')];
  }
  if (who.uid !== 0 && isRestricted(system)) return [allowInAppArmor(system), lowerRestriction()];
  if (inside !== undefined) return [loosenOuter(inside, NAMESPACE_FLAGS)];
  if (!trial.ok && trial.code === 'ENOSPC')
    return [setSysctl('user.max_user_namespaces', '100000', 'allow more of them')];
  return [{ what: USERNS_HINT }];
}

function allowInAppArmor({ program }: SystemFacts): Fix {
  return {
    what: 'let AppArmor allow them to Node, as root',
    file: {
      path: '/etc/apparmor.d/corral-node',
      content: `abi <abi/4.0>,\ninclude <tunables/global>\nprofile corral-node ${program} flags=(unconfined) {\n  userns,\n}\n`,
    },
    run: ['apparmor_parser -r /etc/apparmor.d/corral-node'],
  };
}

function lowerRestriction(): Fix {
  return setSysctl('kernel.apparmor_restrict_unprivileged_userns', '0', 'or to every program');
}

function other(type: Exclude<NamespaceType, 'user'>, { system, trials }: DoctorFacts): Finding {
  const about = { id: `namespaces.${type}`, subject: `${type} namespace` };
  const { of, without, sysctl } = KINDS[type];
  const trial = trials.namespaces[type];
  if (trial.ok) return { ...about, status: 'ok', detail: of };
  const name = `user.max_${sysctl}_namespaces`;
  const fixes: readonly Fix[] =
    trial.code === 'ENOSPC' || system.sysctls[name] === '0'
      ? [setSysctl(name, '10000', 'allow (more of) them, as root')]
      : system.inside !== undefined
        ? [loosenOuter(system.inside, NAMESPACE_FLAGS)]
        : [
            {
              what: trial.code === 'EINVAL' ? 'boot a kernel that was built with them' : 'see the user namespace above',
            },
          ];
  return { ...about, status: 'missing', detail: trial.message, cost: without, fixes };
}
