import type { IdMap } from './ids.js';

/** A process that asks, as it is at the moment of a request. Ids are those of the supervisor's user namespace. */
export interface Requester {
  /** In the supervisor's pid namespace. */
  readonly pid: number;
  /** Effective. */
  readonly uid: number;
  /** Effective. */
  readonly gid: number;
  /** Supplementary. */
  readonly groups: readonly number[];
  /** How its user namespace calls ids. */
  readonly uids: IdMap;
  readonly gids: IdMap;
  readonly pids: PidNamespace;
}

/** A pid namespace, and how deep it is. */
export interface PidNamespace {
  /** `pid:[4026531836]` */
  readonly name: string;
  /** 1: the supervisor's own. */
  readonly depth: number;
}

/** The part of the cgroup tree that a caller may see and rule, and with whose eyes. */
export interface CgroupScope {
  /** The cgroup below which everything is the caller's; absolute. */
  readonly base: string;
  /** Its inode number, decimal. */
  readonly inode: string;
  /** It is the payload of a container; `false`: it is the cgroup that the caller was in by itself. */
  readonly isPayload: boolean;
  /**
   * Of the payload of an outermost container: the cgroups above, from the one below which corral made them down to the one that
   * carries the container's limits. No process is in those, and they can hand controllers down.
   */
  readonly above: readonly string[];
  /** Where the caller itself is, below the base: empty for the base itself; absent where it is outside. */
  readonly own?: string;
  readonly requester: Requester;
  /** May do anything below the base, whatever ids things have. */
  readonly isOwner: boolean;
  /** The base is the caller's to change, as far as that is: it may hand controllers down, and move its processes to a leaf. */
  readonly rulesBase: boolean;
}

/** Somebody who is in no container, and the supervisor's own user, or root: may do everything. */
export interface OwnerScope {
  readonly kind: 'owner';
  readonly requester: Requester;
}

/** Somebody in a container. */
export interface ConfinedScope extends CgroupScope {
  readonly kind: 'confined';
  /** The outermost container around it. */
  readonly container: string;
  /** How many containers there are around it. */
  readonly depth: number;
}

/** What a caller may do. */
export type Scope = OwnerScope | ConfinedScope;
