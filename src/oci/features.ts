import { knownMountOptions } from '../compile/engine/options.js';
import { HOOK_NAMES } from '../spec/config/hooks.js';
import { MEMORY_POLICY, SPEC_NAMESPACE_TYPES } from '../spec/config/linux.js';
import { SECCOMP_WORDS } from '../spec/seccomp-words.js';
import { OCI_VERSION } from '../spec/versions.js';
import { CAPABILITIES } from '../util/linux.js';

/** The oldest runtime-spec that is accepted. */
const OLDEST_VERSION = '1.0.0';

/**
 * Returns the features document: what this runtime knows, whatever the host can do.
 *
 * @param version - of the package
 * @see runtime-spec 1.3.0, features.md and features-linux.md
 */
export function describeFeatures(version: string): object {
  return {
    ociVersionMin: OLDEST_VERSION,
    ociVersionMax: OCI_VERSION,
    hooks: HOOK_NAMES,
    mountOptions: knownMountOptions(),
    linux: {
      namespaces: [...SPEC_NAMESPACE_TYPES].sort(),
      capabilities: CAPABILITIES,
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: SECCOMP_WORDS.actions,
        operators: SECCOMP_WORDS.operators,
        archs: SECCOMP_WORDS.architectures,
        knownFlags: SECCOMP_WORDS.flags,
        supportedFlags: SECCOMP_WORDS.flags,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: false, schemata: false, monitoring: false },
      memoryPolicy: MEMORY_POLICY,
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: { 'dev.corral.version': version },
    // Those of a config.json that are corral's own are left out when it is read.
    potentiallyUnsafeConfigAnnotations: [],
  };
}
