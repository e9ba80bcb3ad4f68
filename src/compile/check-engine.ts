import { ConfigError } from '../errors/config-error.js';
import type { HostFacts } from '../host/facts.js';
import type { Spec } from '../spec/types.js';
import { rlimitNumber } from './engine-process.js';
import { compileLabels } from './labels.js';
import { USERNS_HINT } from './notes.js';
import { joinsNamespace, kernelAtLeast, makesNamespace } from './questions.js';
import { compileFinalAffinity, compileInitialAffinity, compilePersonality, compileScheduling } from './scheduling.js';

/**
 * Checks, before anything is made, whether this host and this caller can give what the process and the namespaces of an engine's
 * spec ask for. What fields say of each other was checked when they were read.
 *
 * @throws ConfigError for what they cannot
 */
export function checkEngine(spec: Spec, facts: HostFacts): void {
  checkNamespaces(spec, facts);
  checkGroups(spec, facts);
  checkNetDevices(spec);
  checkProcess(spec, facts);
}

/** The part of {@link checkEngine} that an entered process has, too. @throws ConfigError */
export function checkProcess({ process, linux }: Pick<Spec, 'process' | 'linux'>, facts: HostFacts): void {
  process.rlimits.forEach((_, index) => rlimitNumber(process, index));
  compileScheduling(process, linux);
  compilePersonality(linux);
  compileInitialAffinity(process);
  compileFinalAffinity(process);
  compileLabels(process, facts);
}

function checkNamespaces({ linux: { namespaces } }: Spec, facts: HostFacts): void {
  const { caller, userns } = facts;
  namespaces.forEach(({ type, path }, index) => {
    const pointer = `/linux/namespaces/${String(index)}`;
    if (type === 'user' && path === undefined && userns.refused !== undefined) {
      throw new ConfigError(pointer, type, `possible here: ${userns.refused}`, { hint: USERNS_HINT });
    }
    if (type === 'time' && !kernelAtLeast(facts, TIME_SINCE)) {
      throw new ConfigError(pointer, type, 'possible here: time namespaces need Linux 5.6');
    }
  });
  if (caller.privileged || namespaces.length === 0 || namespaces.some(({ type }) => type === 'user')) return;
  throw new ConfigError('/linux/namespaces', namespaces, 'possible for a caller without CAP_SYS_ADMIN', {
    hint: 'add a user namespace, or run as root',
  });
}

const TIME_SINCE = [5, 6] as const;

function checkGroups(spec: Spec, { caller }: HostFacts): void {
  const { uidMappings } = spec.linux;
  const { additionalGids } = spec.process.user;
  const isSingle = uidMappings.length === 1 && uidMappings[0]?.size === 1;
  const cannotSet = !caller.privileged && (joinsNamespace(spec, 'user') || isSingle);
  if (additionalGids.length === 0 || !cannotSet) return;
  const expected = 'possible: without privileges and with a single id, groups cannot be set';
  throw new ConfigError('/process/user/additionalGids', additionalGids, expected);
}

// The parent moves them before the process gets its plan: into a namespace that is there by then.
function checkNetDevices(spec: Spec): void {
  const { netDevices = {}, namespaces } = spec.linux;
  const isBornWithout =
    joinsNamespace(spec, 'user') ||
    (makesNamespace(spec, 'user') && namespaces.some(({ type, path }) => type !== 'user' && path !== undefined));
  if (Object.keys(netDevices).length === 0 || !makesNamespace(spec, 'network') || !isBornWithout) return;
  const expected =
    'possible where a new network namespace is in a user namespace that is joined, or made beside joined ones';
  throw new ConfigError('/linux/netDevices', netDevices, expected, { hint: 'join a network namespace, too' });
}
