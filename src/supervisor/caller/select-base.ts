import { RefusedError } from '../../errors/refused-error.js';

/** A container of this supervisor's, as far as it counts for who is in it. */
export interface EnclosingContainer {
  readonly id: string;
  /** The cgroup that carries its limits. */
  readonly path: string;
  /** The cgroup below which that was made, with those in between. */
  readonly top: string;
  /** Its processes' cgroup: they are in it, or below. */
  readonly payload: string;
  /** It was given the socket. */
  readonly hasApi: boolean;
}

/** A cgroup around a caller, or its own. */
export interface Ancestor {
  readonly path: string;
  /** The name of the container that it was made for; of whoever can write it, so of no worth above what it is found in. */
  readonly mark?: string;
  /** It has a cgroup called `payload`. */
  readonly hasPayload: boolean;
  /** Its processes were moved to a leaf of it, at the wish of one of them, whose own it stays. */
  readonly isBase: boolean;
  /** This supervisor's container whose cgroup this is, by path and inode number. */
  readonly container?: EnclosingContainer;
}

/** What a caller in a container is confined to. */
export interface Base {
  /** The cgroup below which everything is the caller's. */
  readonly path: string;
  /** The payload of a container, of whatever depth; `false`: it is the caller's own cgroup at the moment. */
  readonly isPayload: boolean;
  /** The outermost container that it is in. */
  readonly container: EnclosingContainer;
  /** How many containers there are around the caller. */
  readonly depth: number;
}

/**
 * Finds the outermost container of this supervisor's around a caller.
 *
 * @param ancestors - the caller's own cgroup, and all above it, the nearest first
 */
export function findOutermost(ancestors: readonly Ancestor[]): EnclosingContainer | undefined {
  return ancestors.findLast(({ container }) => container !== undefined)?.container;
}

/**
 * Selects what a caller in a container is confined to: the payload of the nearest container around it, where it is in that itself or
 * in one of the leaves that corral makes in it; else its own cgroup.
 *
 * A mark below the outermost container may be forged, by whoever owns the cgroup that carries it. It leads to no base above that
 * cgroup, which its owner rules anyway.
 *
 * @param hasOwnNamespace - its cgroup namespace is not that of the outermost container: another runtime has put it into a container
 * @throws RefusedError EACCES where the outermost container was not given the socket, or the caller is beside its payload
 */
export function selectBase(ancestors: readonly Ancestor[], hasOwnNamespace: boolean): Base {
  const top = ancestors.findLastIndex(({ container }) => container !== undefined);
  const container = ancestors[top]?.container;
  const own = ancestors[0]?.path;
  if (container === undefined || own === undefined)
    throw new RefusedError('answer caller', 'EPERM', { hint: 'it is in no container of this supervisor' });
  const action = `answer a process of ${JSON.stringify(container.id)}`;
  if (!container.hasApi)
    throw new RefusedError(action, 'EACCES', { hint: 'the container was not started with --api', id: container.id });
  if (!isWithin(container.payload, own))
    throw new RefusedError(action, 'EACCES', { hint: 'it is not in the payload of the container', id: container.id });
  const inside = ancestors.slice(0, top + 1);
  const depth = inside.filter(({ mark }) => mark !== undefined).length;
  const nearest = inside.find(({ mark, isBase }) => mark !== undefined || isBase) ?? inside[top];
  const payload = nearest === inside[top] ? container.payload : payloadOf(nearest, own);
  const isForeign = hasOwnNamespace && nearest === inside[top] && nearest?.isBase !== true;
  const isPayload = !isForeign && isHome(payload, own);
  return { path: isPayload ? payload : own, isPayload, container, depth: Math.max(1, depth) };
}

function payloadOf(nearest: Ancestor | undefined, own: string): string {
  if (nearest === undefined) return own;
  const below = `${nearest.path}/payload`;
  return !nearest.isBase && nearest.hasPayload && isWithin(below, own) ? below : nearest.path;
}

/** The leaves that corral itself makes in a payload. */
const LEAF = /^\/(supervisor|exec-\d+)$/;

const isHome = (payload: string, own: string): boolean =>
  own === payload || (isWithin(payload, own) && LEAF.test(own.slice(payload.length)));

/** Lists the cgroups from `top` down to `path`; only that where `top` is not above it. */
export function listWay(top: string, path: string): readonly string[] {
  if (!isWithin(top, path)) return [path];
  const names = path.slice(top.length).split('/').slice(1);
  return [top, ...names.map((_, index) => `${top}/${names.slice(0, index + 1).join('/')}`)];
}

/** Tells whether a cgroup is another one, or below it. */
export function isWithin(above: string, path: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}
