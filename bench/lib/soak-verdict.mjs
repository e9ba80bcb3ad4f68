// Has anything grown? Pure.
import { median, slope } from './stats.mjs';

/** The first samples are of a process that still warms up. */
const WARM_UP = 0.1;

/**
 * What is watched: how much more the last quarter may be than the first, as a factor and in its own unit. Both are needed: ten
 * descriptors more are a leak where there were twenty, and a megabyte more is none where there were eighty.
 */
const WATCHED = [
  { key: 'rssMb', title: 'RSS of the Node process', unit: 'MB', factor: 1.1, plus: 8 },
  { key: 'heapMb', title: 'JavaScript heap after a collection', unit: 'MB', factor: 1.1, plus: 2 },
  { key: 'fds', title: 'open descriptors', unit: '', factor: 1, plus: 2 },
  { key: 'dyingBelowParent', title: 'dying cgroups below the parent', unit: '', factor: 1.5, plus: 20 },
  { key: 'dyingBelowRoot', title: 'dying cgroups of the machine', unit: '', factor: 1.5, plus: 20 },
  { key: 'startMedianMs', title: 'start latency, median', unit: 'ms', factor: 1.15, plus: 0.2 },
  { key: 'startP99Ms', title: 'start latency, p99', unit: 'ms', factor: 1.5, plus: 2 },
];

/** The same of a supervisor that has nothing to do at that moment: what it holds then is the same each time. */
export const WATCHED_AT_REST = [
  { key: 'rssMb', title: 'RSS of the supervisor', unit: 'MB', factor: 1.1, plus: 8 },
  { key: 'heapMb', title: 'its JavaScript heap after a collection', unit: 'MB', factor: 1.1, plus: 1 },
  { key: 'fds', title: 'its open descriptors', unit: '', factor: 1, plus: 4 },
  { key: 'watches', title: 'its inotify watches', unit: '', factor: 1, plus: 0 },
  { key: 'threads', title: 'its threads', unit: '', factor: 1, plus: 0 },
  { key: 'files', title: 'files in its two directories', unit: '', factor: 1, plus: 0 },
  { key: 'descendants', title: 'cgroups below the parent', unit: '', factor: 1, plus: 0 },
  { key: 'dyingBelowParent', title: 'dying cgroups below the parent', unit: '', factor: 1.5, plus: 20 },
  { key: 'dyingBelowRoot', title: 'dying cgroups of the machine', unit: '', factor: 1.5, plus: 20 },
  { key: 'startMedianMs', title: 'start latency, median', unit: 'ms', factor: 1.15, plus: 0.5 },
];

/**
 * @typedef {{ seconds: number } & Record<string, number>} Sample
 * @typedef {object} Finding
 * @property {string} title
 * @property {string} unit
 * @property {number} atStart - the median of the first quarter
 * @property {number} atEnd - the median of the last one
 * @property {number} perHour - the slope of a line through all samples
 * @property {boolean} flat
 */

/**
 * @param {readonly Sample[]} samples - in the order of time
 * @param {readonly object[]} [watched] - what is in them, and how much it may grow
 * @returns {Finding[]} empty where there are too few samples to tell: less than eight
 */
export function judgeSoak(samples, watched = WATCHED) {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP));
  if (samples.length < 8) return [];
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  return watched.map(({ key, title, unit, factor, plus }) => {
    const of = (part) => median(part.map((sample) => sample[key]));
    const [atStart, atEnd] = [of(warm.slice(0, quarter)), of(warm.slice(-quarter))];
    const perHour = slope(warm.map((sample) => ({ x: sample.seconds / 3600, y: sample[key] })));
    return { title, unit, atStart, atEnd, perHour, flat: atEnd <= Math.max(atStart * factor, atStart + plus) };
  });
}
