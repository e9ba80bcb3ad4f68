// What trying a feature can come to.

/**
 * @typedef {{ result: 'pass' | 'refused' | 'fail', detail: string }} Outcome `refused`: corral has said that this host cannot
 */

/** The host gives less than was asked for, and corral says so other than by an error. */
export class Refused extends Error {}

/** @param {boolean} condition @param {string} otherwise what was found instead */
export function check(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/**
 * @param {unknown} error
 * @returns {Outcome}
 */
export function describeError(error) {
  if (!(error instanceof Error)) return { result: 'fail', detail: String(error) };
  // The package's own class may be of another copy of it: its code is the contract.
  const refused = error instanceof Refused || Reflect.get(error, 'code') === 'ERR_UNSUPPORTED';
  return { result: refused ? 'refused' : 'fail', detail: error.message };
}
