#!/usr/bin/env node
/**
 * The program that users start.
 *
 * @packageDocumentation
 */

import { startProgram } from '../boot/start-program.js';

const given = process.argv.slice(2);
const [verb, ...words] = given.slice(countGlobalWords(given));

/** How many words stand before the verb: `--state-dir DIR`, or `--state-dir=DIR`, is the one flag that may. */
function countGlobalWords([first, ...rest]: readonly string[]): number {
  if (first === '--state-dir') return 2 + countGlobalWords(rest.slice(1));
  return first?.startsWith('--state-dir=') === true ? 1 + countGlobalWords(rest) : 0;
}

/** What may ask for a supervisor: which program is read is decided by it, not what is done. */
const DETACHES = /^-(-(detach|lease|restart|log-|health-)|[a-zA-Z]*d)/;

function selectProgram(): readonly [name: string, part: string] {
  if (verb === 'supervise') return ['supervise', 'supervise'];
  // What `run` needs is not what the others need; the others are not in a hurry.
  if (verb === 'run') return words.some((word) => DETACHES.test(word)) ? ['main', 'other'] : ['run', 'run'];
  return ['main', verb === 'exec' ? verb : 'other'];
}

startProgram(...selectProgram());
