import type { HostFacts, HostMount, KernelVersion } from '../host/facts.js';
import { isWithin, kernelAtLeast } from './questions.js';

/** Since when a file system allows idmapped mounts. One that is not listed never does: overlay, 9p, nfs, hostfs … */
const IDMAP_SINCE: Readonly<Record<string, KernelVersion>> = {
  ext4: [5, 12],
  vfat: [5, 12],
  xfs: [5, 12],
  btrfs: [5, 15],
  ext2: [6, 2],
  ext3: [5, 12],
  f2fs: [5, 18],
  erofs: [5, 19],
  squashfs: [6, 2],
  tmpfs: [6, 3],
  zfs: [6, 2],
  cephfs: [6, 7],
};

/** Since when an overlay may have idmapped layers. */
const OVERLAY_ON_IDMAP: KernelVersion = [5, 19];

/**
 * Says why the mounts at `path` cannot be idmapped.
 *
 * @returns the reason, or `undefined` when they can
 */
export function whyNotIdmapped(
  facts: HostFacts,
  path: string,
  { recursive, overlay }: { readonly recursive: boolean; readonly overlay: boolean },
): string | undefined {
  if (overlay && !kernelAtLeast(facts, OVERLAY_ON_IDMAP)) {
    return 'an overlay of idmapped layers needs Linux 5.19';
  }
  const mounts = [mountOf(facts, path), ...(recursive ? mountsBelow(facts, path) : [])];
  const refusing = mounts.find((mount) => mount === undefined || !mapsIds(facts, mount.type));
  if (refusing === undefined) return undefined;
  return `${refusing.target} is on ${refusing.type}, which cannot be idmapped here`;
}

function mapsIds(facts: HostFacts, type: string): boolean {
  const since = IDMAP_SINCE[type];
  return since !== undefined && kernelAtLeast(facts, since) && !facts.unmappable.includes(type);
}

/** Returns the mount that `path` lies on: the deepest, and of several on one target the last. */
export function mountOf(facts: HostFacts, path: string): HostMount | undefined {
  return facts.mounts.reduce<HostMount | undefined>(
    (best, mount) => (isWithin(path, mount.target) && mount.target.length >= (best?.target.length ?? 0) ? mount : best),
    undefined,
  );
}

/** Returns the mounts strictly below `path`. */
export function mountsBelow(facts: HostFacts, path: string): readonly HostMount[] {
  return facts.mounts.filter(({ target }) => target !== path && isWithin(target, path));
}
