// The command lines of the lab.
import { parseArgs } from 'node:util';
import { GUESTS, findGuest } from '../guests.mjs';

const NAMES = Object.keys(GUESTS);

export const RUN_USAGE = `usage: npm run lab -- GUEST [--memory MiB] [--timeout S] [--as root|tester] -- COMMAND [ARGUMENT...]
       npm run lab -- GUEST --check

Boots GUEST (${NAMES.join(', ')}), runs COMMAND there in a copy of the project, and ends as it does.
124: not in time; 125: the guest has ended first; 2: a mistake in this command line.`;

const DEFAULT_TIMEOUT_SECONDS = 600;
const SMALLEST_MIB = 256;
const DEFAULT_MIB = 2048;
const USERS = ['root', 'tester'];

/**
 * Parses what stands after `npm run lab --`.
 *
 * @param {readonly string[]} argv
 * @throws {TypeError} for what the usage does not allow, naming it
 */
export function parseRun(argv) {
  const at = argv.indexOf('--');
  const command = at === -1 ? [] : argv.slice(at + 1);
  const { values, positionals } = parseArgs({
    args: at === -1 ? [...argv] : argv.slice(0, at),
    options: {
      memory: { type: 'string' },
      timeout: { type: 'string' },
      as: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [name, ...more] = positionals;
  if (name === undefined) throw new TypeError(`which guest? There are ${NAMES.join(', ')}`);
  const guest = findGuest(name);
  if (more.length > 0) throw new TypeError(`a command stands after --: -- ${more.join(' ')}`);
  if (values.check === command.length > 0) throw new TypeError('give either a command after --, or --check');
  return {
    name,
    guest,
    memoryMiB: parseNumber('--memory', values.memory, DEFAULT_MIB, SMALLEST_MIB),
    timeoutSeconds: parseNumber('--timeout', values.timeout, DEFAULT_TIMEOUT_SECONDS, 1),
    as: parseUser(values.as),
    check: values.check,
    command,
  };
}

/**
 * Parses options that are given as often as wanted, each a name or several with commas between.
 *
 * @param {string} option
 * @param {readonly string[] | undefined} given
 * @param {readonly string[]} known
 * @returns {readonly string[]} all that are known when none is given
 * @throws {TypeError} for a name that is not known
 */
export function parseNames(option, given, known) {
  const names = (given ?? []).flatMap((value) => value.split(','));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`${option} ${unknown}: there are ${known.join(', ')}`);
  return names.length === 0 ? known : names;
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @param {number} otherwise what it is when not given
 * @param {number} least
 * @throws {TypeError} for what is no whole number, or less
 */
export function parseNumber(option, text, otherwise, least) {
  if (text === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least)) throw new TypeError(`${option} ${text}: not a number from ${least} on`);
  return value;
}

/** @param {string | undefined} name */
function parseUser(name) {
  if (name !== undefined && !USERS.includes(name)) throw new TypeError(`--as ${name}: there are ${USERS.join(', ')}`);
  return name;
}
