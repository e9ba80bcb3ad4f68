import { ConfigError } from '../errors/config-error.js';
import type { HostFacts } from '../host/facts.js';
import type { Step } from '../plan/steps.js';
import { ANNOTATIONS, DEFAULT_SECCOMP, nests } from '../spec/annotations.js';
import { SECCOMP_CAPABILITIES, defaultSeccomp } from '../spec/default-seccomp.js';
import type { Spec } from '../spec/types.js';
import { NOTES } from './notes.js';
import { type Filter, compileSeccomp } from './seccomp/compile.js';
import { PRECOMPILED } from './seccomp/precompiled.js';

/**
 * Returns the step that loads a container's filter of system calls; none where it has none.
 *
 * @throws ConfigError for a profile that makes no sense, or one on a kernel without filters
 */
export function compileFilter(spec: Spec, facts: HostFacts): readonly Step[] {
  const { seccomp } = spec.linux;
  const name = spec.annotations[ANNOTATIONS.seccomp];
  if (seccomp !== undefined) {
    const filter = compileSeccomp(seccomp, facts.cpu);
    if (facts.noSeccomp === true) throw new ConfigError('/linux/seccomp', {}, 'possible here', { hint: NO_FILTERS });
    return [{ op: 'set-seccomp', profile: name ?? 'profile of the configuration', ...filter }];
  }
  if (name !== DEFAULT_SECCOMP || facts.noSeccomp === true) return [];
  return [{ op: 'set-seccomp', profile: DEFAULT_SECCOMP, ...defaultFilter(spec, facts) }];
}

const NO_FILTERS = 'the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)';

/** Says where the default profile cannot be had: a warning, as with other engines. */
export function filterNotes(spec: Spec, { noSeccomp }: HostFacts): readonly string[] {
  const wanted = spec.linux.seccomp === undefined && spec.annotations[ANNOTATIONS.seccomp] === DEFAULT_SECCOMP;
  return wanted && noSeccomp === true ? [NOTES.noSeccomp()] : [];
}

// Nearly every container has one of two: those were compiled when corral was built.
function defaultFilter(spec: Spec, { cpu }: HostFacts): Filter {
  const { capabilities } = spec.process;
  const nest = nests(spec);
  const program = PRECOMPILED[variantOf(cpu, capabilities.bounding, nest)];
  if (program !== undefined) return { program: new Uint8Array(Buffer.from(program, 'base64')), flags: 0 };
  return compileSeccomp(defaultSeccomp(capabilities, nest), cpu);
}

// By the capabilities that matter to it.
function variantOf(cpu: string, bounding: readonly string[], nest: boolean): string {
  const capabilities = SECCOMP_CAPABILITIES.filter((name) => bounding.includes(name));
  return [cpu, ...capabilities, ...(nest ? ['nest'] : [])].join(' ');
}
