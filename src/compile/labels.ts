import { ConfigError } from '../errors/config-error.js';
import type { HostFacts } from '../host/facts.js';
import type { Step } from '../plan/steps.js';
import type { Process } from '../spec/types.js';

/**
 * Returns the steps by which the process gets its label at the exec.
 *
 * @throws ConfigError where the host has not the security module that a label is for
 * @see runtime-spec config.md "apparmorProfile", "selinuxLabel"
 */
export function compileLabels(process: Process, facts: HostFacts): readonly Step[] {
  const { apparmorProfile: profile = '', selinuxLabel: label = '' } = process;
  return [...compileProfile(profile, facts), ...compileLabel(label, facts)];
}

function compileProfile(profile: string, facts: HostFacts): readonly Step[] {
  if (profile === '') return [];
  if (facts.securityModules?.includes('apparmor') === true) {
    return [{ op: 'set-security-label', file: 'self/attr/apparmor/exec', label: `exec ${profile}` }];
  }
  // Where nobody is confined, it is so by itself.
  if (profile === 'unconfined') return [];
  throw new ConfigError('/process/apparmorProfile', profile, 'possible: this host has no AppArmor');
}

function compileLabel(label: string, facts: HostFacts): readonly Step[] {
  if (label === '') return [];
  if (facts.securityModules?.includes('selinux') === true) {
    return [{ op: 'set-security-label', file: 'self/attr/exec', label }];
  }
  throw new ConfigError('/process/selinuxLabel', label, 'possible: this host has no SELinux');
}
