// Cuts the integration tests into pieces, each for one boot of one guest.
import { LEFT_OUT, QUICK } from '../suites.mjs';

/**
 * @typedef {object} Piece
 * @property {string} host a guest, or `host`
 * @property {string} suite
 * @property {readonly string[]} files relative to test/integration
 *
 * @typedef {object} LeftOut
 * @property {string} host
 * @property {string} suite
 * @property {string} file
 * @property {string} reason
 */

/**
 * @param {readonly string[]} all the test files, relative to test/integration
 * @param {object} wanted
 * @param {readonly string[]} wanted.hosts
 * @param {readonly string[]} [wanted.suites] folders or beginnings of paths; all unless given
 * @param {boolean} [wanted.quick]
 * @param {(host: string) => number} wanted.filesPerPiece
 * @returns {{ pieces: Piece[], leftOut: LeftOut[] }}
 */
export function cutPieces(all, { hosts, suites, quick = false, filesPerPiece }) {
  /** @type {Piece[]} */
  const pieces = [];
  /** @type {LeftOut[]} */
  const leftOut = [];
  const chosen = all.filter((file) => suites === undefined || suites.some((suite) => file.startsWith(suite)));
  for (const host of hosts) {
    const here = chosen.filter((file) => !quick || isQuick(host, file));
    for (const suite of new Set(here.map(suiteOf))) {
      const known = here
        .filter((file) => suiteOf(file) === suite)
        .map((file) => ({ host, suite, file, reason: findReason(host, file) }));
      leftOut.push(...known.flatMap((one) => (one.reason === undefined ? [] : [{ ...one, reason: one.reason }])));
      const run = known.flatMap(({ file, reason }) => (reason === undefined ? [file] : []));
      pieces.push(...chunk(run, filesPerPiece(host)).map((files) => ({ host, suite, files })));
    }
  }
  return { pieces, leftOut };
}

/** @param {string} file relative to test/integration */
export function suiteOf(file) {
  return file.slice(0, file.indexOf('/'));
}

/** @param {string} host @param {string} file */
function findReason(host, file) {
  return LEFT_OUT.find(({ guests, files }) => guests.includes(host) && file.startsWith(files))?.reason;
}

/** @param {string} host @param {string} file */
function isQuick(host, file) {
  return (QUICK[host] ?? []).some((start) => file.startsWith(start));
}

/**
 * Parts of about the same length, none longer than `most`.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} most
 * @returns {T[][]}
 */
function chunk(items, most) {
  const parts = Math.ceil(items.length / most);
  return Array.from({ length: parts }, (_, index) =>
    items.slice(Math.floor((index * items.length) / parts), Math.floor(((index + 1) * items.length) / parts)),
  );
}
