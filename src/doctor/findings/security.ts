import type { DoctorFacts, Finding, Group } from '../types.js';

/** What else watches over processes here. Nothing of it keeps corral from working by itself. */
export function diagnoseSecurity(facts: DoctorFacts): Group {
  return { name: 'security', summary: modules(facts).detail, findings: [modules(facts), ...privileges(facts)] };
}

function modules({ system: { lsm } }: DoctorFacts): Finding {
  const about = { id: 'security.lsm', status: 'ok', subject: 'security modules' } as const;
  const active = lsm.active === undefined ? 'not told: securityfs is not mounted' : lsm.active.join(', ');
  const confined =
    lsm.profile === undefined ? '' : `; this process is confined by ${lsm.profile}, and so are containers`;
  return { ...about, detail: `${active}${confined}` };
}

function privileges({ system: { confinement }, host: { caller } }: DoctorFacts): readonly Finding[] {
  if (!confinement.noNewPrivileges || caller.privileged) return [];
  return [
    {
      id: 'security.no-new-privileges',
      status: 'ok',
      subject: 'no_new_privs',
      detail: 'set on this process: setuid programs have no effect',
    },
  ];
}
