import { ConfigError } from '../../errors/config-error.js';
import type { IdRange, MountMapping } from '../../plan/types.js';
import type { IdMapping, Mount } from '../../spec/types.js';
import type { Context } from '../context.js';

/**
 * Chooses how the owner ids of a bind mount are mapped; `undefined` where nothing asks for it.
 *
 * @see config.md "POSIX-platform Mounts": uidMappings, and the options idmap and ridmap
 * @throws ConfigError for a mapping that nobody can make, or one without ids
 */
export function selectMapping(
  { spec, facts }: Context,
  { uidMappings, gidMappings }: Mount,
  index: number,
  option: 'idmap' | 'ridmap' | undefined,
): MountMapping | undefined {
  if (option === undefined && uidMappings === undefined && gidMappings === undefined) return undefined;
  const pointer = `/mounts/${String(index)}`;
  if (!facts.caller.privileged) {
    throw new ConfigError(
      `${pointer}/options`,
      option ?? 'uidMappings',
      'possible without root: the kernel idmaps no mount then',
    );
  }
  const recursive = option === 'ridmap';
  if (uidMappings !== undefined || gidMappings !== undefined) {
    const uids = toRanges(uidMappings, `${pointer}/uidMappings`);
    return { recursive, by: { uids, gids: toRanges(gidMappings, `${pointer}/gidMappings`) } };
  }
  const namespace = spec.linux.namespaces.find(({ type }) => type === 'user');
  if (namespace === undefined) {
    throw new ConfigError(
      `${pointer}/options`,
      option,
      'possible without uidMappings, or a user namespace of the container',
    );
  }
  return { recursive, by: namespace.path === undefined ? 'container' : { path: namespace.path } };
}

function toRanges(mappings: readonly IdMapping[] | undefined, pointer: string): readonly IdRange[] {
  if (mappings === undefined || mappings.length === 0) {
    throw new ConfigError(pointer, mappings, 'a list of ids: uidMappings and gidMappings go together');
  }
  return mappings.map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}
