/** What makes room for a new file of a JSON log. Indices as in jsonName; the new file then takes 0. */
export interface Rotation {
  readonly remove: readonly number[];
  /** One after the other. */
  readonly renames: readonly (readonly [from: number, to: number])[];
}

/**
 * Plans a rotation. Whoever died in the middle of one has left a gap: then only what is before it moves, so that no file goes earlier
 * than it must.
 *
 * @param existing - the indices of the files that are there
 * @param maxFiles - how many there may be afterwards, at least 1
 */
export function planRotation(existing: readonly number[], maxFiles: number): Rotation {
  const there = new Set(existing);
  const remove = existing.filter((index) => index > 0 && index >= maxFiles - 1);
  // With one file alone, the new one takes its name from it.
  if (maxFiles === 1) return { remove, renames: [] };
  let gap = 1;
  while (gap < maxFiles - 1 && there.has(gap)) gap += 1;
  const isFull = gap === maxFiles - 1;
  const moved = Array.from({ length: gap }, (_, index) => gap - 1 - index).filter((index) => there.has(index));
  return {
    remove: isFull ? remove : remove.filter((index) => index > maxFiles - 1),
    renames: moved.map((index) => [index, index + 1] as const),
  };
}
