import { OptionError } from '../errors/option-error.js';
import type { ContainerOptions } from './options.js';
import type { Mount } from './types.js';

/** What a runtime needs over the container's own namespaces, besides the default set: to mount, and to set up networks. */
export const NEST_CAPABILITIES: readonly string[] = ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN'];

/**
 * Refuses what would make a nesting container a danger to the host, or no nesting container at all.
 *
 * @throws OptionError
 */
export function checkNest({ nest, userns, cgroupns }: ContainerOptions): void {
  if (nest !== true) return;
  // CAP_SYS_ADMIN over the host's own user namespace, and nothing of /proc masked.
  if (userns === 'host') throw new OptionError('userns', userns, 'private with nest: that is what protects the host');
  // Without its own view, /sys/fs/cgroup is the host's.
  if (cgroupns === 'host') throw new OptionError('cgroupns', cgroupns, 'private with nest');
}

/** Returns the mounts with a cgroup file system that can be written. */
export function nestMounts(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.map((mount) =>
    mount.type === 'cgroup' ? { ...mount, options: mount.options.filter((option) => option !== 'ro') } : mount,
  );
}
