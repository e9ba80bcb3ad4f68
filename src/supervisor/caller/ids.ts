/** A row of /proc/PID/uid_map: `size` ids from `inside` on are, outside, those from `outside` on. */
export interface IdRow {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

/** How the ids of a caller's user namespace are called in the supervisor's. */
export type IdMap = readonly IdRow[];

/** The map of somebody who is in the supervisor's own user namespace. */
export const SAME_IDS: IdMap = [{ inside: 0, outside: 0, size: 0xffff_ffff }];

/** Reads /proc/PID/uid_map or gid_map, as somebody outside of that user namespace. @see user_namespaces(7) */
export function parseIdMap(text: string): IdMap {
  return text.split('\n').flatMap((line) => {
    const [, inside, outside, size] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
    return size === undefined ? [] : [{ inside: Number(inside), outside: Number(outside), size: Number(size) }];
  });
}

/** Returns what the supervisor calls an id of the caller's; `undefined` where it is not mapped. */
export function toOutside(map: IdMap, id: number): number | undefined {
  const row = map.find(({ inside, size }) => id >= inside && id < inside + size);
  return row && row.outside + (id - row.inside);
}

/** Returns what the caller calls an id of the supervisor's; `undefined` where it is not mapped. */
export function toInside(map: IdMap, id: number): number | undefined {
  const row = map.find(({ outside, size }) => id >= outside && id < outside + size);
  return row && row.inside + (id - row.outside);
}
