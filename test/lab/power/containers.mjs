// What runs when the power goes, and what is to be of it afterwards.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A line that asks for the loss of power. */
export const CUT = 'THE POWER MAY GO';

/**
 * @typedef {object} Left
 * @property {string} name
 * @property {readonly string[]} flags of `corral run -d`
 * @property {true} [stopped] somebody stops it before the loss
 * @property {'running' | 'exited' | 'gone'} after what it is to be after the boot
 */

/** @type {readonly Left[]} */
export const CONTAINERS = [
  { name: 'no', flags: [], after: 'exited' },
  { name: 'failing', flags: ['--restart', 'on-failure'], after: 'running' },
  { name: 'always', flags: ['--restart', 'always'], after: 'running' },
  { name: 'kept', flags: ['--restart', 'unless-stopped', '--log-driver', 'json'], after: 'running' },
  { name: 'brief', flags: ['--rm'], after: 'gone' },
  { name: 'always-stopped', flags: ['--restart', 'always'], stopped: true, after: 'running' },
  { name: 'kept-stopped', flags: ['--restart', 'unless-stopped'], stopped: true, after: 'exited' },
];

export const isRoot = process.geteuid?.() === 0;
export const hasSystemd = existsSync('/run/systemd/system');

/** @param {readonly string[]} words @returns what it prints */
export function run(...words) {
  const [file = '', ...args] = words;
  return execFileSync(file, args, { encoding: 'utf8' }).trim();
}

/** @param {readonly string[]} words */
export const corral = (...words) => run(process.execPath, 'dist/cli/corral.cjs', ...words);

/** Lists the processes that have a word among their own. @param {string} word */
export function findProcesses(word) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false; // it has ended
    }
  });
}
