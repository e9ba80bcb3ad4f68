import { CgroupError } from '../errors/cgroup-error.js';
import { StateError } from '../errors/state-errors.js';
import { findCurrent, findEntry } from '../cgroup/current.js';
import { readEvent } from '../cgroup/events.js';
import { type CgroupLeaf, createLeaf, killLeaf } from '../cgroup/leaf.js';
import { hasCgroup } from '../cgroup/ref.js';
import type { CgroupRef } from '../cgroup/types.js';
import { NOTES } from '../compile/notes.js';
import type { UndoStack } from '../util/undo.js';
import type { State } from './state.js';
import { findSubCgroups } from './sub-cgroup.js';

/** Where a process that enters a container goes in the cgroup trees. */
export interface ExecPlace {
  /** A cgroup of its own; without it an init of its own kills what it starts. */
  readonly leaf?: CgroupLeaf;
  /** The v2 cgroup to be born in. */
  readonly bornIn?: string;
  /** What it is moved into. */
  readonly joined: readonly string[];
  /** What this container could not give in full. */
  readonly notes: readonly string[];
}

/** What an engine may ask of the place. */
export interface ExecRequest {
  /** Cgroups below the container's own, which are there: see {@link findSubCgroups}. */
  readonly subCgroups?: Readonly<Record<string, string>> | undefined;
  /** That it is paused is no error. */
  readonly ignorePaused?: boolean | undefined;
}

/**
 * Makes a cgroup for an `exec`, below the container's payload. Where the inside leaves no room for one, the exec goes where
 * the container's first process is at this moment, as it does with other runtimes.
 *
 * @param initPid - of the container's first process, which must not end meanwhile
 * @throws StateError where the inside has frozen itself: whoever is born there would not get as far as its first instruction
 * @throws CgroupRefusedError when the container was moved out of its cgroup
 */
export function choosePlace(
  { id, cgroup }: State,
  initPid: number,
  undo: UndoStack,
  { subCgroups = {}, ignorePaused = false }: ExecRequest = {},
): ExecPlace {
  const checkThawed = (place: ExecPlace): ExecPlace => (ignorePaused ? place : refuseFrozen(id, place));
  if (Object.keys(subCgroups).length > 0) return checkThawed({ ...findSubCgroups(cgroup, subCgroups), notes: [] });
  if (!hasCgroup(cgroup)) return { joined: [], notes: [] };
  const leaf = cgroup.flat === true ? undefined : tryCreate(cgroup);
  if (leaf === undefined) return checkThawed(joinFlat(cgroup, initPid));
  const place = leaf instanceof CgroupError ? joinInit(cgroup, initPid, leaf.message) : useLeaf(cgroup, leaf, undo);
  return checkThawed(place);
}

function refuseFrozen(id: string, place: ExecPlace): ExecPlace {
  if (place.bornIn !== undefined && readEvent(place.bornIn, 'frozen') === 1)
    throw new StateError('exec in', id, 'paused');
  return place;
}

// Of an engine's container, all processes are in the same cgroups.
function joinFlat(cgroup: CgroupRef, initPid: number): ExecPlace {
  const bornIn = findEntry(cgroup, initPid);
  return { ...(bornIn === undefined ? {} : { bornIn }), joined: cgroup.v1.map(({ path }) => path), notes: [] };
}

/** What a container that does with its cgroups as it likes may answer to a new one. */
const REFUSALS = ['EAGAIN', 'EACCES', 'EPERM', 'ENOENT', 'ENODEV', 'EOPNOTSUPP'];

function tryCreate(cgroup: CgroupRef): CgroupLeaf | CgroupError {
  try {
    return createLeaf(cgroup);
  } catch (error) {
    if (error instanceof CgroupError && REFUSALS.includes(error.code)) return error;
    throw error;
  }
}

function useLeaf(cgroup: CgroupRef, leaf: CgroupLeaf, undo: UndoStack): ExecPlace {
  undo.push('kill exec cgroup', async () => {
    await killLeaf(leaf);
  });
  const others = cgroup.v1.filter(({ controllers }) => leaf.controller === '' || !controllers.includes('freezer'));
  const joined = others.map(({ path }) => path);
  if (leaf.controller === '') return { leaf, bornIn: leaf.path, joined, notes: [] };
  return { leaf, joined: [...joined, leaf.path], notes: [] };
}

function joinInit(cgroup: CgroupRef, initPid: number, reason: string): ExecPlace {
  const bornIn = findCurrent(cgroup, initPid);
  return {
    ...(bornIn === undefined ? {} : { bornIn }),
    joined: cgroup.v1.map(({ path }) => path),
    notes: [NOTES.noExecCgroup(reason)],
  };
}
