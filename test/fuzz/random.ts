/** Returns a whole number from 0 up to, and without, `below`. */
export type Random = (below: number) => number;

/** Returns numbers that look like chance and are the same for the same seed. @see Marsaglia, "Xorshift RNGs" */
export function createRandom(seed: number): Random {
  // Neighbouring seeds must not begin alike, and zero would stay zero.
  let state = (Math.imul(seed, 0x9e37_79b1) ^ 0x2545_f491) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let round = 0; round < 8; round++) next();
  return (below) => next() % below;
}

/** Returns one of several. */
export function pick<T>(values: readonly T[], random: Random): T {
  const value = values[random(values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}
