import { readInode } from '../../cgroup/files.js';
import type { Supervised } from '../life/supervised.js';
import type { Translation } from './words.js';

/** Lists the containers that were asked for from inside others. */
export function listOrigins(all: Iterable<Supervised>): readonly Translation[] {
  return [...all].flatMap(({ id, record }) => {
    const { origin } = record.options;
    return origin === undefined ? [] : [{ id, origin }];
  });
}

/** Lists those that have ended, and the cgroup below which they had lived is gone, with all who could name them. */
export function listLost(all: Iterable<Supervised>): readonly Supervised[] {
  return [...all].filter(({ isIdle, record: { options } }) => {
    const { origin } = options;
    return origin !== undefined && isIdle && readInode(origin.base) !== origin.inode;
  });
}
