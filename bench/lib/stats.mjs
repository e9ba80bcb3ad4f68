// Medians and what goes with them. Pure.

/**
 * Returns the value below which the share `q` (0…1) of the samples lies, by linear interpolation between neighbours.
 *
 * @param {readonly number[]} samples - in any order; not changed
 * @throws RangeError without samples
 */
export function quantile(samples, q) {
  if (samples.length === 0) throw new RangeError('a quantile of no samples');
  const sorted = Float64Array.from(samples).sort();
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** @param {readonly number[]} samples */
export function median(samples) {
  return quantile(samples, 0.5);
}

/**
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} median
 * @property {number} p10
 * @property {number} p90
 */

/**
 * @param {readonly number[]} samples
 * @returns {Summary}
 */
export function summarize(samples) {
  return { count: samples.length, median: median(samples), p10: quantile(samples, 0.1), p90: quantile(samples, 0.9) };
}

/**
 * Returns how much larger the first is than the second: the median of the ratios of each round's medians. What disturbs a
 * whole round disturbs both sides of its ratio, so this is steadier than a ratio of overall medians.
 *
 * @param {readonly (readonly number[])[]} rounds - the samples of each round
 * @param {readonly (readonly number[])[]} baseRounds - the same rounds of what is compared with
 * @returns {Summary}
 */
export function pairedRatio(rounds, baseRounds) {
  const ratios = rounds
    .map((samples, round) => ({ samples, base: baseRounds[round] ?? [] }))
    .filter(({ samples, base }) => samples.length > 0 && base.length > 0)
    .map(({ samples, base }) => median(samples) / median(base));
  return summarize(ratios);
}

/**
 * Returns the slope of the least-squares line through the points, in y per x; 0 where all x are the same.
 *
 * @param {readonly { readonly x: number, readonly y: number }[]} points
 */
export function slope(points) {
  const n = points.length;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / n;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (n === 0 || spread === 0) return 0;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
