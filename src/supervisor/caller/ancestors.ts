import { dirname } from 'node:path/posix';
import { readInode } from '../../cgroup/files.js';
import { PARENT_MARK, readMark } from '../../cgroup/mark.js';
import type { Hierarchy } from '../../cgroup/types.js';
import type { Store } from '../../container/store.js';
import { getXattr, setXattr } from '../../native/xattr.js';
import { isName } from '../../spec/parse/name.js';
import { hasApi } from '../../spec/annotations.js';
import type { Ancestor, EnclosingContainer } from './select-base.js';

/** What the supervisor says by it: the processes of this cgroup were moved to a leaf of it, and it is still theirs. */
const BASE_MARK = 'user.corral.base';

/** Reads what there is to know of a cgroup and of all above it, the nearest first. */
export function readAncestors(path: string, { mount }: Hierarchy, store: Pick<Store, 'read'>): readonly Ancestor[] {
  const ancestors: Ancestor[] = [];
  for (let at = path; at.startsWith(`${mount}/`); at = dirname(at)) {
    const mark = readMark(at);
    const container = mark === undefined ? undefined : findContainer(mark, at, store);
    ancestors.push({
      path: at,
      hasPayload: readInode(`${at}/payload`) !== undefined,
      isBase: readBaseMark(at),
      ...(mark !== undefined && mark !== PARENT_MARK && { mark }),
      ...(container && { container }),
    });
  }
  return ancestors;
}

/** Says of a cgroup whose processes are moved to a leaf of it that it stays theirs. */
export function markBase(path: string): void {
  setXattr(path, BASE_MARK, '1');
}

function readBaseMark(path: string): boolean {
  try {
    return getXattr(path, BASE_MARK) !== null;
  } catch {
    return false; // gone, or a kernel before 5.7
  }
}

// A mark is easily forged inside; the record on disk, with the inode number, is not.
function findContainer(mark: string, path: string, store: Pick<Store, 'read'>): EnclosingContainer | undefined {
  if (!isName(mark)) return undefined;
  const state = store.read(mark);
  const v2 = state?.cgroup.v2;
  if (state === undefined || v2?.path !== path) return undefined;
  if (v2.inode === undefined || readInode(path) !== v2.inode) return undefined;
  return { id: state.id, path, top: v2.base, payload: v2.payload, hasApi: hasApi(state.spec) };
}
