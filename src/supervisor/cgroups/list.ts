import { readdirSync } from 'node:fs';
import { readIfPresent } from '../../cgroup/files.js';
import { parseFlatKeyed } from '../../cgroup/parse.js';
import { toInside } from '../caller/ids.js';
import type { CgroupScope } from '../caller/scope.js';
import { Directory } from './directory.js';
import type { RelativePath } from './paths.js';
import { CgroupError } from '../../errors/cgroup-error.js';

/** A cgroup as a list shows it. */
export interface CgroupEntry {
  /** Relative to the caller's own cgroup. */
  readonly path: string;
  /** Its owner, as the caller's user namespace has it; absent where that does not. */
  readonly uid?: number;
  readonly gid?: number;
  /** There is a process in it, or below. */
  readonly populated: boolean;
  readonly frozen: boolean;
}

/** Cgroups, in the order of their paths. */
export interface CgroupList {
  readonly cgroups: readonly CgroupEntry[];
  /** There are more than are listed. */
  readonly truncated: boolean;
}

const MOST = 2000;

/**
 * Lists the cgroups below one.
 *
 * @param recursive - those of whatever depth
 */
export function listCgroups(scope: CgroupScope, name: RelativePath, recursive: boolean): CgroupList {
  using top = Directory.open(scope, name);
  const found: CgroupEntry[] = [];
  const truncated = !collect(scope, top, { recursive, found });
  return { cgroups: found, truncated };
}

interface Listing {
  readonly recursive: boolean;
  readonly found: CgroupEntry[];
}

/** @returns `false` when there is no room for more */
function collect(scope: CgroupScope, above: Directory, listing: Listing): boolean {
  for (const child of listNames(above)) {
    if (listing.found.length >= MOST) return false;
    using directory = openIfThere(scope, above, child);
    if (directory === undefined) continue;
    listing.found.push(describe(scope, directory));
    if (listing.recursive && !collect(scope, directory, listing)) return false;
  }
  return true;
}

function describe({ requester }: CgroupScope, directory: Directory): CgroupEntry {
  const { uid, gid } = directory.owner;
  const events = parseFlatKeyed(readIfPresent(`${directory.path}/cgroup.events`) ?? '');
  const [user, group] = [toInside(requester.uids, uid), toInside(requester.gids, gid)];
  return {
    path: directory.name.join('/'),
    ...(user !== undefined && { uid: user }),
    ...(group !== undefined && { gid: group }),
    populated: events.get('populated') === 1,
    frozen: events.get('frozen') === 1,
  };
}

// A name that is no text cannot be told: whoever has made such a one can reach it by another way.
function listNames(directory: Directory): readonly string[] {
  return readdirSync(directory.path, { withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isDirectory() && !entry.name.includes('\ufffd'))
    .map(({ name }) => name)
    .sort();
}

function openIfThere(scope: CgroupScope, above: Directory, child: string): Directory | undefined {
  try {
    return above.openBelow(scope, [child]);
  } catch (error) {
    if (error instanceof CgroupError && error.code === 'ENOENT') return undefined; // removed meanwhile
    throw error;
  }
}
