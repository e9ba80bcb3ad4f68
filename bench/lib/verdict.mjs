// The targets, and whether they are met. Pure.
import { pairedRatio } from './stats.mjs';

/**
 * @typedef {object} Verdict
 * @property {string} target
 * @property {string} value - what was measured, in words
 * @property {boolean} met
 */

const find = (rows, name) => rows.find((row) => row.name === name);

/**
 * One row may take at most `limit` times as long as another.
 *
 * @returns {Verdict[]} empty where one of the two was not measured
 */
export function atMost(target, rows, [name, base], limit) {
  const [own, other] = [find(rows, name), find(rows, base)];
  if (own === undefined || other === undefined) return [];
  const ratio = pairedRatio(own.rounds, other.rounds).median;
  return [{ target: `${target} ≤ ${limit} × ${base}`, value: `${ratio.toFixed(2)} ×`, met: ratio <= limit }];
}

/** One row must be at least `factor` times as fast as another. @returns {Verdict[]} */
export function fasterThan(target, rows, [name, base], factor) {
  const [own, other] = [find(rows, name), find(rows, base)];
  if (own === undefined || other === undefined) return [];
  const ratio = pairedRatio(other.rounds, own.rounds).median;
  const words = factor === 1 ? `faster than ${base}` : `≥ ${factor} × faster than ${base}`;
  return [
    { target: `${target} ${words}`, value: `${ratio.toFixed(2)} ×`, met: factor === 1 ? ratio > 1 : ratio >= factor },
  ];
}

/** One row must be at least `factor` times as large as another. @returns {Verdict[]} */
export function atLeast(target, rows, [name, base], factor) {
  const [own, other] = [find(rows, name), find(rows, base)];
  if (own === undefined || other === undefined) return [];
  const ratio = pairedRatio(own.rounds, other.rounds).median;
  return [
    { target: `${target} ≥ ${factor} × ${base}`, value: `${ratio.toFixed(2)} × (${name})`, met: ratio >= factor },
  ];
}
