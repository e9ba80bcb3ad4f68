import { NOTES, kindOfNote } from '../../compile/notes.js';
import type { HelperState, HostFacts, SystemFacts } from '../../host/facts.js';
import type { DoctorFacts, Finding, Fix, Group } from '../types.js';
import { failed } from './cgroups.js';
import { defaultNotes } from './files.js';
import { installPackage } from './fixes.js';

/** As many as a distribution hands out, with those of nobody. */
const ENOUGH = 65_536;

/** Which user and group ids a container can have. */
export function diagnoseIds(facts: DoctorFacts): Group {
  const { caller, userns } = facts.host;
  const finding = caller.privileged ? ofRoot(facts) : ofUser(facts);
  const own = caller.privileged && userns.initial && hasOwnIds(facts.host);
  const summary = own ? '65,536 for each container' : finding.detail;
  return { name: 'ids', summary, findings: [finding, ...mapping(facts)] };
}

// Without a user namespace, or on a root file system that cannot be idmapped, containers have the host's ids.
function hasOwnIds(host: HostFacts): boolean {
  return host.userns.refused === undefined && !defaultNotes(host).some((note) => kindOfNote(note) === 'hostIds');
}

function ofRoot({ host }: DoctorFacts): Finding {
  const about = { id: 'ids.range', status: 'ok', subject: 'user and group ids' } as const;
  if (!hasOwnIds(host)) return { ...about, detail: 'the host’s own: see the user namespace, and files' };
  if (host.userns.initial) {
    return { ...about, detail: '65,536 unprivileged ones of its own for each container, from 524288 on' };
  }
  const size = host.userns.uids.reduce((sum, range) => sum + range.size, 0);
  return { ...about, detail: `the ${String(size)} of this user namespace, as they are` };
}

function ofUser({ host, system }: DoctorFacts): Finding {
  const about = { id: 'ids.range', subject: 'user and group ids' };
  const lent = host.userns.subordinate;
  if (lent === undefined) {
    return {
      ...about,
      status: 'limited',
      detail: NOTES.oneUser(),
      cost: 'only root exists in containers: --user, package managers, and servers that change their user fail',
      fixes: missingParts(system),
    };
  }
  const fewest = Math.min(lent.uids.size, lent.gids.size);
  const detail = `root is you; ${String(fewest)} more are lent by /etc/subuid and /etc/subgid`;
  if (fewest >= ENOUGH) return { ...about, status: 'ok', detail };
  return {
    ...about,
    status: 'limited',
    detail,
    cost: `ids above ${String(fewest)} do not exist in containers: nobody (65534) may be one of them`,
    fixes: [lendIds(system, 'lend more, as root')],
  };
}

function missingParts(system: SystemFacts): readonly Fix[] {
  const { ids } = system;
  const helpers = [ids.newuidmap, ids.newgidmap];
  return [
    ...(ids.uids === undefined || ids.gids === undefined ? [lendIds(system, 'lend ids, as root')] : []),
    ...(helpers.includes('missing') ? [installHelpers(system)] : []),
  ];
}

function lendIds({ user: { name, uid }, ids }: SystemFacts, what: string): Fix {
  const line = `${name === '' ? String(uid) : name}:${String(ids.free)}:${String(ENOUGH)}`;
  return {
    what: `${what}: the line ${line} in /etc/subuid and in /etc/subgid`,
    run: [`echo ${line} | tee -a /etc/subuid /etc/subgid`],
  };
}

function installHelpers(system: SystemFacts): Fix {
  const names = { debian: 'uidmap', fedora: 'shadow-utils', arch: 'shadow', alpine: 'shadow-subids', suse: 'shadow' };
  return installPackage(system, names, 'install newuidmap and newgidmap');
}

// Really tried: it is the setuid helpers that are wrong more often than the files.
function mapping({ trials: { idMaps }, system }: DoctorFacts): readonly Finding[] {
  if (idMaps === undefined) return [];
  const about = { id: 'ids.map', subject: 'mapping of ids' };
  if (idMaps.ok) return [{ ...about, status: 'ok', detail: 'it works' }];
  const { newuidmap, newgidmap } = system.ids;
  const powerless: readonly HelperState[] = [newuidmap, newgidmap];
  return [
    {
      ...failed(about, idMaps, 'corral run fails, but with --isolation cgroup'),
      fixes: [
        ...(system.confinement.noNewPrivileges ? [NO_NEW_PRIVILEGES] : []),
        ...(powerless.includes('powerless') ? [EMPOWER] : []),
        ...(idMaps.hint === undefined ? [] : [{ what: idMaps.hint }]),
      ],
    },
  ];
}

const NO_NEW_PRIVILEGES: Fix = {
  what: 'start corral from a process without no_new_privs: with it, setuid programs such as newuidmap have no effect',
};

const EMPOWER: Fix = {
  what: 'give the helpers their rights back, as root',
  run: ['setcap cap_setuid=ep "$(command -v newuidmap)"', 'setcap cap_setgid=ep "$(command -v newgidmap)"'],
};
