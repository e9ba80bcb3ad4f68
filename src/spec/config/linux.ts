import type { Device, Linux, Namespace, SpecNamespaceType, TimeOffset } from '../types.js';
import { NAMESPACE_TYPES } from '../types.js';
import {
  type Reader,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  refine,
  refused,
  text,
  textOrNothing,
  withDefault,
} from './read.js';
import { idMappings } from './mounts.js';
import { resources } from './resources.js';
import { seccomp } from './seccomp.js';
import { absolutePath, absolutePathOrNothing, id, interfaceName, major, minor, numberList, uint32 } from './values.js';

/** All types of namespaces. @see runtime-spec 1.3.0, config-linux.md "Namespaces" */
export const SPEC_NAMESPACE_TYPES: readonly SpecNamespaceType[] = [...NAMESPACE_TYPES, 'time'];

const namespaces: Reader<readonly Namespace[]> = refine(
  list(object<Namespace>({ type: oneOf(SPEC_NAMESPACE_TYPES), path: absolutePathOrNothing })),
  (all, place) => {
    all.forEach(({ type }, index) => {
      if (all.findIndex((other) => other.type === type) === index) return;
      place.refuse(type, 'given once: it is there already', index, 'type');
    });
    return all;
  },
);

const device: Reader<Device> = refine(
  object<Device>({
    type: oneOf(['b', 'c', 'u', 'p']),
    path: absolutePath,
    major: optional(major),
    minor: optional(minor),
    // Engines copy the mode of the host's node, with its type.
    fileMode: refine(optional(uint32), (mode) => (mode === undefined ? undefined : mode & 0o7777)),
    uid: optional(id),
    gid: optional(id),
  }),
  (value, place) => {
    if (value.type === 'p') return value;
    if (value.major === undefined) place.refuse(undefined, 'a major number, 0–4095', 'major');
    if (value.minor === undefined) place.refuse(undefined, 'a minor number, 0–1048575', 'minor');
    return value;
  },
);

type NetDevice = NonNullable<Linux['netDevices']>[string];

const netDevice: Reader<NetDevice> = object<NetDevice>({
  name: refine(textOrNothing, (value, place) => (value === undefined ? undefined : interfaceName(value, place))),
});

const netDevices: Reader<Readonly<Record<string, NetDevice>>> = refine(map(netDevice), (devices, place) => {
  const inside = new Set<string>();
  for (const [outside, { name = outside }] of Object.entries(devices)) {
    interfaceName(outside, place);
    if (inside.has(name)) place.refuse(name, 'free: another device gets this name', outside, 'name');
    inside.add(name);
  }
  return devices;
});

const timeOffset: Reader<TimeOffset> = object<TimeOffset>({
  secs: optional(integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'a whole number of seconds')),
  nanosecs: optional(integer(0, 999_999_999, 'a number of nanoseconds, 0–999999999')),
});

type TimeOffsets = NonNullable<Linux['timeOffsets']>;

const timeOffsets: Reader<TimeOffsets> = refine(map(timeOffset), (offsets, place) => {
  for (const clock of Object.keys(offsets)) oneOf(['monotonic', 'boottime'])(clock, place);
  return offsets;
});

/** @see set_mempolicy(2) */
export const MEMORY_POLICY = {
  modes: [
    'MPOL_DEFAULT',
    'MPOL_BIND',
    'MPOL_INTERLEAVE',
    'MPOL_WEIGHTED_INTERLEAVE',
    'MPOL_PREFERRED',
    'MPOL_PREFERRED_MANY',
    'MPOL_LOCAL',
  ],
  flags: ['MPOL_F_NUMA_BALANCING', 'MPOL_F_RELATIVE_NODES', 'MPOL_F_STATIC_NODES'],
} as const;

type MemoryPolicy = NonNullable<Linux['memoryPolicy']>;

const memoryPolicy: Reader<MemoryPolicy> = refine(
  object<MemoryPolicy>({
    mode: oneOf(MEMORY_POLICY.modes),
    nodes: numberList,
    flags: optional(list(oneOf(MEMORY_POLICY.flags))),
  }),
  (value, place) => {
    const { mode, nodes } = value;
    const hasNone = mode === 'MPOL_DEFAULT' || mode === 'MPOL_LOCAL';
    if (hasNone && nodes !== undefined) place.refuse(nodes, `possible with ${mode}, which has no nodes`, 'nodes');
    // MPOL_PREFERRED without nodes is MPOL_LOCAL.
    if (!hasNone && mode !== 'MPOL_PREFERRED' && nodes === undefined) {
      place.refuse(nodes, `a list of nodes for ${mode}`, 'nodes');
    }
    return value;
  },
);

type Personality = NonNullable<Linux['personality']>;

const personality: Reader<Personality> = object<Personality>({
  domain: oneOf(['LINUX', 'LINUX32']),
  flags: refine(optional(list(text)), (flags, place) =>
    flags === undefined || flags.length === 0 ? undefined : place.refuse(flags, 'empty: the runtime-spec has no flags'),
  ),
});

// Engines write both forms; the kernel applies the type to the whole tree of the root in either.
const propagation: Reader<Linux['rootfsPropagation']> = refine(textOrNothing, (value, place) =>
  value === undefined
    ? undefined
    : oneOf(['private', 'shared', 'slave', 'unbindable'], 'shared, slave, private or unbindable')(
        value.replace(/^r/, ''),
        place,
      ),
);

/** @see runtime-spec 1.3.0, config-linux.md */
export const linux: Reader<Linux> = object<Linux>(
  {
    namespaces: withDefault(namespaces, []),
    uidMappings: withDefault(idMappings, []),
    gidMappings: withDefault(idMappings, []),
    maskedPaths: withDefault(list(absolutePath), []),
    readonlyPaths: withDefault(list(absolutePath), []),
    sysctl: withDefault(map(text), {}),
    resources: withDefault(resources, {}),
    cgroupsPath: textOrNothing,
    rootfsPropagation: propagation,
    seccomp: optional(seccomp),
    devices: optional(list(device)),
    netDevices: optional(netDevices),
    personality: optional(personality),
    mountLabel: textOrNothing,
    timeOffsets: optional(timeOffsets),
    memoryPolicy: optional(memoryPolicy),
  },
  { intelRdt: refused('possible: corral does not manage resctrl') },
);
