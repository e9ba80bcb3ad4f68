import { dirname } from 'node:path/posix';
import { listChildren, readIfPresent, readInode } from './files.js';
import { PARENT_MARK, readMark } from './mark.js';
import { parseWords } from './parse.js';
import type { CgroupRef } from './types.js';

/**
 * Returns the cgroups of the containers that were made right inside another one, of whatever depth: corral marks each with
 * its name. Before Linux 5.7, which has no such marks, and of other runtimes, none is found.
 *
 * @returns references with the inode numbers of now: a kill by one of them can hit no other container
 */
export function listNested({ v2 }: CgroupRef): readonly CgroupRef[] {
  return v2 === undefined ? [] : findMarked(v2.payload);
}

function findMarked(directory: string): readonly CgroupRef[] {
  return listChildren(directory).flatMap((child) => {
    const mark = readMark(child);
    return mark === undefined || mark === PARENT_MARK ? findMarked(child) : toRef(mark, child);
  });
}

function toRef(id: string, path: string): CgroupRef | readonly [] {
  const inode = readInode(path);
  if (inode === undefined) return []; // removed meanwhile
  const payload = `${path}/payload`;
  return {
    id,
    v2: {
      path,
      payload: readInode(payload) === undefined ? path : payload,
      base: dirname(path),
      controllers: parseWords(readIfPresent(`${path}/cgroup.controllers`) ?? ''),
      inode,
    },
    v1: [],
  };
}
