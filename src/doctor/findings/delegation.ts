import { selectDriver } from '../../cgroup/systemd/driver.js';
import { DEFAULT_SLICE } from '../../cgroup/systemd/names.js';
import { DELEGATE_FILE, delegateCommands } from '../../cgroup/systemd/words.js';
import type { ScopeFacts } from '../../cgroup/types.js';
import { WITHOUT } from '../../compile/notes.js';
import type { SystemFacts } from '../../host/facts.js';
import type { DoctorFacts, Finding, Fix } from '../types.js';

/** Whether there is a cgroup in which the caller may make others. */
export function diagnosePlace({ host: { cgroup }, system, trials }: DoctorFacts): Finding {
  const about = { id: 'cgroups.place', subject: 'a place for containers' };
  const { v2Base, v1Base, problem, systemd } = cgroup;
  if (selectDriver({ facts: cgroup }) === 'systemd') return { ...about, status: 'ok', detail: describeScopes(systemd) };
  if (v2Base?.needsEvacuation === true && system.cgroup.companions > 0) {
    return {
      ...about,
      status: 'limited',
      detail: `${v2Base.path} may be written, and holds ${String(system.cgroup.companions)} other processes`,
      cost: `the first limit moves them, your shell perhaps, to ${v2Base.path}/supervisor, where they stay`,
      fixes: enterScope(system) ?? [],
    };
  }
  if (v2Base !== undefined) return { ...about, status: 'ok', detail: `below ${v2Base.path}/corral` };
  const freezer = v1Base.find(({ controllers }) => controllers.includes('freezer'));
  const reason = problem?.text ?? 'no cgroup v2';
  if (freezer !== undefined) {
    return { ...about, status: 'limited', detail: `below ${freezer.path}/corral`, cost: reason };
  }
  return {
    ...about,
    status: 'missing',
    detail: reason,
    cost: trials.namespaces.pid.ok ? WITHOUT.cgroup : WITHOUT.cgroupAndPids,
    fixes: placeFixes(system, {
      hint: problem?.hint,
      scopeWorks: trials.scope?.ok === true,
      mount: cgroup.layout.v2?.mount,
    }),
  };
}

function describeScopes(systemd: ScopeFacts | undefined): string {
  const whose = systemd?.manager === 'user' ? "the user's own systemd" : 'systemd';
  return `scopes of ${whose}, below ${systemd?.base?.path ?? ''}/${DEFAULT_SLICE}`;
}

function placeFixes(
  system: SystemFacts,
  {
    hint,
    scopeWorks,
    mount,
  }: { readonly hint: string | undefined; readonly scopeWorks: boolean; readonly mount: string | undefined },
): readonly Fix[] {
  if (system.inside !== undefined || system.user.uid === 0 || mount === undefined) {
    return hint === undefined ? [] : [{ what: hint }];
  }
  const [scope] = enterScope(system) ?? [];
  if (scope !== undefined) return [scopeWorks ? { ...scope, what: `${scope.what} (tried just now: it works)` } : scope];
  if (system.systemd.booted) return [startUserManager(system)];
  return [delegateByHand(system, mount)];
}

/** Starts corral in a cgroup of its own; `undefined` where the user has no systemd to ask. */
function enterScope({ systemd }: SystemFacts): readonly Fix[] | undefined {
  if (!systemd.userManager) return undefined;
  const what = 'let your systemd start corral in a cgroup that is delegated to you';
  return [{ what, run: ['systemd-run --user --scope -p Delegate=yes corral …'] }];
}

function startUserManager({ user }: SystemFacts): Fix {
  const name = user.name === '' ? String(user.uid) : user.name;
  return {
    what: 'have a systemd of your own: log in by ssh or at a terminal; or let root keep one running',
    run: [`loginctl enable-linger ${name}`],
  };
}

function delegateByHand({ user }: SystemFacts, mount: string): Fix {
  const path = `${mount}/user-${String(user.uid)}`;
  const owned = ['', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads'].map((file) => path + file);
  return {
    what: 'let root make a cgroup for you, and put your shell (PID) into it',
    run: [`mkdir ${path}`, `chown ${String(user.uid)} ${owned.join(' ')}`, `echo PID > ${path}/cgroup.procs`],
  };
}

/** Has the system's systemd hand controllers down to the users' own. */
export function delegateControllers(uid: number): Fix {
  const [reload, restart] = delegateCommands(uid);
  return {
    what: 'let systemd hand all controllers down to users, as root',
    file: DELEGATE_FILE,
    run: [reload, `${restart}   # ends that user's sessions`],
  };
}
