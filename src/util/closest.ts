/**
 * Finds the word that `word` was probably meant to be.
 *
 * @returns the nearest of `known` by edit distance, or `undefined` when none is near
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  // So long a word is near to none, and would take its time.
  if (word.length > LONGEST) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

const LONGEST = 100;

// Two letters that have changed places are one slip of the fingers, not two: the optimal string alignment distance.
function editDistance(a: string, b: string): number {
  let twoAbove: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          at(above, j - 1) + (isSame ? 0 : 1),
          at(above, j) + 1,
          at(row, j - 1) + 1,
          at(isSwap ? twoAbove : [], j - 2) + 1,
        ),
      );
    }
    twoAbove = above;
    above = row;
  }
  return at(above, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
