import { ANNOTATIONS, DEFAULT_SECCOMP } from './annotations.js';
import type { ContainerOptions } from './options.js';
import { readSeccompProfile } from './parse/seccomp-profile.js';
import type { Seccomp } from './seccomp.js';
import type { Surroundings } from './surroundings.js';
import type { Process } from './types.js';

/** What a spec says about system calls. */
interface SeccompParts {
  readonly linux: { readonly seccomp?: Seccomp };
  readonly annotations: Readonly<Record<string, string>>;
}

const NOTHING: SeccompParts = { linux: {}, annotations: {} };

/**
 * Turns the option `seccomp` into what the spec says.
 *
 * @throws OptionError for a profile of the wrong shape; a system error for a file that cannot be read
 */
export function seccompParts(
  { seccomp = DEFAULT_SECCOMP, isolation }: ContainerOptions,
  { capabilities }: Pick<Process, 'capabilities'>,
  around: Surroundings,
): SeccompParts {
  if (isolation === 'cgroup' || seccomp === 'unconfined') return NOTHING;
  if (seccomp === DEFAULT_SECCOMP) return { linux: {}, annotations: { [ANNOTATIONS.seccomp]: DEFAULT_SECCOMP } };
  const file = typeof seccomp === 'string' ? around.resolve(seccomp) : undefined;
  const value = file === undefined ? seccomp : around.readJson(file);
  const profile = readSeccompProfile(value, file ?? 'profile', {
    ...around.machine(),
    capabilities: capabilities.bounding,
  });
  return { linux: { seccomp: profile }, annotations: { [ANNOTATIONS.seccomp]: file ?? 'given profile' } };
}
