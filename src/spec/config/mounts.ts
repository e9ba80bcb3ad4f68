import type { IdMapping, Mount } from '../types.js';
import {
  type Place,
  type Reader,
  list,
  object,
  optional,
  refine,
  text,
  textOf,
  textOrNothing,
  withDefault,
} from './read.js';
import { count, uint32 } from './values.js';

const idMapping: Reader<IdMapping> = refine(
  object<IdMapping>({ containerID: uint32, hostID: uint32, size: count }),
  (mapping, place) => {
    const end = Math.max(mapping.containerID, mapping.hostID) + mapping.size;
    if (end > MOST_IDS) place.refuse(mapping, 'a range of ids: it ends beyond 4294967294');
    return mapping;
  },
);

const MOST_IDS = 0xffff_ffff;

/** @see user_namespaces(7) "Defining user and group ID mappings" */
const MOST_MAPPINGS = 340;

/** @see runtime-spec 1.3.0, config-linux.md "User namespace mappings" */
export const idMappings: Reader<readonly IdMapping[]> = refine(list(idMapping), (mappings, place) => {
  if (mappings.length > MOST_MAPPINGS) place.refuse(mappings, `a list of at most ${MOST_MAPPINGS} ranges`);
  for (const side of ['containerID', 'hostID'] as const) {
    const sorted = [...mappings].sort((a, b) => a[side] - b[side]);
    sorted.forEach((mapping, index) => {
      const next = sorted[index + 1];
      if (next !== undefined && mapping[side] + mapping.size > next[side]) {
        place.refuse(next[side], `free: another range has this ${side}`, mappings.indexOf(next), side);
      }
    });
  }
  return mappings;
});

/** A mount as it is written. */
interface Written extends Omit<Mount, 'type' | 'source'> {
  readonly type?: string;
  readonly source?: string;
}

const written: Reader<Written> = object<Written>({
  destination: textOf(/./s, 'a path in the container'),
  type: textOrNothing,
  source: textOrNothing,
  options: withDefault(list(text), []),
  uidMappings: optional(idMappings),
  gidMappings: optional(idMappings),
});

/**
 * A mount, with a type always: `bind` where an option says so, whatever else is written there.
 *
 * @see runtime-spec 1.3.0, config.md "Mounts"
 */
export const mount: Reader<Mount> = refine(written, (value, place) => {
  const { destination, type, source, options, uidMappings = [], gidMappings = [] } = value;
  const isMapped = uidMappings.length > 0;
  if (isMapped !== gidMappings.length > 0) {
    place.refuse([], 'possible: a mount has both kinds of mappings or none', isMapped ? 'gidMappings' : 'uidMappings');
  }
  const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind');
  if (isBind && source === undefined) place.refuse(source, 'a path to bind', 'source');
  const filesystem = isBind ? 'bind' : (type ?? place.refuse(type, 'a type of file system', 'type'));
  return {
    destination: fromRoot(destination, place),
    type: filesystem,
    source: source ?? filesystem,
    options,
    ...(isMapped && { uidMappings, gidMappings }),
  };
});

// Old tools write them. @see runtime-spec 1.3.0, config.md "Mounts"
function fromRoot(destination: string, place: Place): string {
  if (destination.startsWith('/')) return destination;
  place.warn(`${JSON.stringify(destination)} is no absolute path, and is taken from the root of the container`);
  return `/${destination}`;
}
