import type { HostFacts, IdLoan } from '../host/facts.js';
import type { IdRange } from '../plan/types.js';
import { ANNOTATIONS, HOST_OVERLAY, isEngines, nests } from '../spec/annotations.js';
import type { Step } from '../plan/steps.js';
import type { IdMapping, Spec } from '../spec/types.js';
import { withinOf } from '../spec/within.js';
import type { Context, IdPlan } from './context.js';
import { hasNamespace, joinsNamespace, makesNamespace } from './questions.js';
import { whyNotIdmapped } from './idmap.js';
import { NOTES } from './notes.js';

/** Each container of root gets this many ids: every id that a distribution hands out fits. */
const RANGE_SIZE = 65_536;

/** The ids that systemd's uids-gids registry sets aside for containers: 524288 to 1879048191. */
const FIRST_ID = 524_288;
const RANGES = (1_879_048_192 - FIRST_ID) / RANGE_SIZE;

/**
 * Chooses the ids of a container.
 *
 * Root's containers get a range of unprivileged ids of their own, taken from the container's name, so that two containers
 * share no id. Where the root filesystem cannot be idmapped, and in a user namespace that has no such range, the ids of the
 * caller stay as they are. Everybody else maps what /etc/subuid lends them, or their own id alone.
 */
export function planIds(id: string, spec: Spec, facts: HostFacts): IdPlan {
  if (!makesNamespace(spec, 'user')) return { shifted: false, notes: [] };
  const { uidMappings, gidMappings } = spec.linux;
  if (isEngines(spec) && uidMappings.length > 0) return givenIds(spec, facts);
  if (uidMappings.length > 0) {
    return direct(toRanges(uidMappings), toRanges(gidMappings), []);
  }
  return facts.caller.privileged ? rootIds(id, spec, facts) : unprivilegedIds(facts);
}

// To the letter. Whose the files of the container are is the engine's business.
function givenIds({ linux }: Spec, { caller, userns }: HostFacts): IdPlan {
  const uids = toRanges(linux.uidMappings);
  const gids = toRanges(linux.gidMappings);
  if (caller.privileged) {
    const setgroups = userns.setgroupsDenied === true ? 'deny' : 'allow';
    return { maps: { uids, gids, setgroups, writer: 'direct' }, shifted: false, notes: [] };
  }
  // What the kernel allows an unprivileged writer by itself: its own id, and no change of groups. user_namespaces(7)
  const alone = isAlone(uids, caller.uid) && isAlone(gids, caller.gid);
  return {
    maps: { uids, gids, setgroups: alone ? 'deny' : 'allow', writer: alone ? 'direct' : 'newidmap' },
    shifted: false,
    notes: [],
  };
}

function toRanges(mappings: readonly IdMapping[]): readonly IdRange[] {
  return mappings.map(({ containerID, hostID, size }) => ({ containerId: containerID, hostId: hostID, size }));
}

function isAlone(ranges: readonly IdRange[], id: number): boolean {
  return ranges.length === 1 && ranges[0]?.size === 1 && ranges[0].hostId === id;
}

function rootIds(id: string, spec: Spec, facts: HostFacts): IdPlan {
  const { initial, uids, gids } = facts.userns;
  if (!initial) return inherited(facts);
  const reason = unmappableRoot(spec, facts);
  // A nesting container has CAP_SYS_ADMIN and an unmasked /proc: with the ids of the host's root that would be the host's.
  if (reason !== undefined && !nests(spec)) {
    return direct(identity(uids), identity(gids), [identityNote(spec, reason)]);
  }
  const range = { containerId: 0, hostId: FIRST_ID + RANGE_SIZE * (hash(id) % RANGES), size: RANGE_SIZE };
  return direct([range], [range], []);
}

// As root of the host in all but capabilities, and able to unmount what protects /proc/sys, it could write there.
function identityNote(spec: Spec, reason: string): string {
  const mayMount = spec.process.capabilities.bounding.includes('CAP_SYS_ADMIN');
  return mayMount ? NOTES.hostIdsAsRoot(reason) : NOTES.hostIds(reason);
}

function unmappableRoot(spec: Spec, facts: HostFacts): string | undefined {
  const overlay = spec.annotations[ANNOTATIONS.rootfs] === HOST_OVERLAY;
  return whyNotIdmapped(facts, spec.root.path, { recursive: !overlay, overlay });
}

// What is denied in a user namespace stays so in all below it.
function inherited({ userns: { uids, gids, setgroupsDenied } }: HostFacts): IdPlan {
  const plan = direct(identity(uids), identity(gids), []);
  return setgroupsDenied === true && plan.maps ? { ...plan, maps: { ...plan.maps, setgroups: 'deny' } } : plan;
}

function direct(uids: readonly IdRange[], gids: readonly IdRange[], notes: readonly string[]): IdPlan {
  const shifted = [...uids, ...gids].some(({ containerId, hostId }) => containerId !== hostId);
  return { maps: { uids, gids, setgroups: 'allow', writer: 'direct' }, shifted, notes };
}

function identity(ranges: readonly IdRange[]): readonly IdRange[] {
  return ranges.map(({ containerId, size }) => ({ containerId, hostId: containerId, size }));
}

function unprivilegedIds(facts: HostFacts): IdPlan {
  const { uid, gid } = facts.caller;
  const { subordinate } = facts.userns;
  if (subordinate === undefined) {
    return {
      maps: { uids: single(uid), gids: single(gid), setgroups: 'deny', writer: 'direct' },
      shifted: true,
      notes: [NOTES.oneUser()],
    };
  }
  return {
    maps: {
      uids: withLoan(uid, subordinate.uids),
      gids: withLoan(gid, subordinate.gids),
      setgroups: 'allow',
      writer: 'newidmap',
    },
    shifted: true,
    notes: [],
  };
}

function single(id: number): readonly IdRange[] {
  return [{ containerId: 0, hostId: id, size: 1 }];
}

function withLoan(id: number, loan: IdLoan): readonly IdRange[] {
  return [...single(id), { containerId: 1, hostId: loan.first, size: loan.size }];
}

/** FNV-1a, 32 bits: spreads names over the ranges. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state;
}

/**
 * Returns the step that makes the process root of its user namespace. Until then it still has the caller's id, which the
 * namespace may not know: what it made would belong to nobody, and tmpfs refuses that (EOVERFLOW).
 */
export function becomeRoot({ spec, ids }: Pick<Context, 'spec' | 'ids'>): readonly Step[] {
  // Of somebody else's user namespace nobody knows whether it has a root; nor is anything made there before it has its user.
  if (!hasNamespace(spec, 'user') || withinOf(spec) !== undefined) return [];
  // Whether groups can be set in a user namespace that is joined is not known; they are when the process gets its user.
  const setgroups = ids.maps?.setgroups === 'deny' || joinsNamespace(spec, 'user') ? 0 : 1;
  return [{ op: 'set-user', uid: 0, gid: 0, groups: [], setgroups }];
}

/**
 * Returns whom a nesting container's cgroup is given to: the container's user, by the ids that it has outside. Only root can
 * give something away; everybody else keeps it, and is the container's root.
 *
 * @see runtime-spec config-linux.md "Cgroup ownership"
 */
export function cgroupOwner({ user }: Spec['process'], { maps }: IdPlan, { caller }: HostFacts): Owner {
  const { uid, gid } = caller;
  if (!caller.privileged || maps === undefined) return { uid, gid };
  return { uid: toHostId(maps.uids, user.uid) ?? uid, gid: toHostId(maps.gids, user.gid) ?? gid };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Returns the host id behind a container id; `undefined` when there is none. */
export function toHostId(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return range && range.hostId + id - range.containerId;
}

/** Tells whether a container id has a host id behind it. */
export function isMapped(ranges: readonly IdRange[], id: number): boolean {
  return toHostId(ranges, id) !== undefined;
}
