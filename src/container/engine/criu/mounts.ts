import type { MountEntry } from '../../../cgroup/mountinfo.js';
import { cleanPath } from '../../../compile/engine/place.js';
import { isWithin } from '../../../compile/questions.js';
import type { Mount, Spec } from '../../../spec/types.js';

/** A mount of a container whose content belongs to the host: criu is told what it is called, and later where it is. */
export interface ExternalMount {
  /** Where it is in the container. */
  readonly target: string;
  /** The device of the host that it is; else it is one of the spec's. */
  readonly device?: string;
  /** As the spec has it, whose target may be a symbolic link. */
  readonly destination?: string;
  /** Below the spec's mount: one of those that came along. */
  readonly below?: string;
}

/** The name of a device that covers what is masked. */
const NULL = '/dev/null';

/**
 * Lists the mounts that criu cannot dump, since their content is the host's.
 *
 * @param entries - the mounts of the container, as it sees them
 * @param resolve - where a path of the container leads, by its symbolic links
 */
export function listExternal(
  spec: Pick<Spec, 'mounts' | 'linux'>,
  entries: readonly MountEntry[],
  resolve: (path: string) => string,
): readonly ExternalMount[] {
  const own = spec.mounts.filter((mount) => !isBind(mount)).map(({ destination }) => resolve(cleanPath(destination)));
  const masks = spec.linux.maskedPaths.map(cleanPath);
  const binds = spec.mounts
    .filter(isBind)
    .map(({ destination }) => ({ destination, point: resolve(cleanPath(destination)) }));
  return entries.flatMap(({ point, root, type }): readonly ExternalMount[] => {
    if (masks.includes(point) && root.endsWith('/null')) return [{ target: point, device: NULL }];
    const bind = binds.filter((one) => isWithin(point, one.point)).at(-1);
    const isOwn = own.some((one) => isWithin(point, one) && (bind === undefined || isWithin(one, bind.point)));
    if (bind !== undefined && !(isOwn && bind.point !== point))
      return [{ target: point, destination: bind.destination, below: point.slice(bind.point.length) }];
    // Where nodes cannot be made, the host's stand in their place.
    return type === 'devtmpfs' && root !== '/'
      ? [{ target: point, device: root === '/null' ? NULL : `/dev${root}` }]
      : [];
  });
}

function isBind({ type, options }: Mount): boolean {
  return type === 'bind' || options.some((option) => option === 'bind' || option === 'rbind');
}

/** Returns what criu is told about them when it dumps. */
export function dumpedMounts(mounts: readonly ExternalMount[]): readonly string[] {
  return mounts.map(({ target, device }) => `mnt[${target}]:${device ?? target}`);
}

/**
 * Returns what criu is told when it restores: where those are by now.
 *
 * @param mounts - those that were dumped; absent, as with the images of another runtime: the bind mounts of the spec
 */
export function restoredMounts(
  spec: Pick<Spec, 'mounts' | 'linux'>,
  mounts: readonly ExternalMount[] | undefined,
): readonly string[] {
  const listed = mounts ?? [
    ...spec.mounts.filter(isBind).map(({ destination }) => ({ target: cleanPath(destination), destination })),
    ...(spec.linux.maskedPaths.length > 0 ? [{ target: NULL, device: NULL }] : []),
  ];
  const named = listed.flatMap(({ target, device, destination, below = '' }: ExternalMount) => {
    if (device !== undefined) return [`mnt[${device}]:${device}`];
    const source = spec.mounts.findLast((mount) => isBind(mount) && mount.destination === destination)?.source;
    return source === undefined ? [] : [`mnt[${target}]:${source}${below}`];
  });
  return [...new Set(named)];
}
