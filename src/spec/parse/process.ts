import { OptionError } from '../../errors/option-error.js';
import { CAPABILITIES, RLIMIT, RLIM_INFINITY } from '../../util/linux.js';
import { DEFAULT_CAPABILITIES } from '../defaults.js';
import type { Capabilities, Rlimit } from '../types.js';

const ULIMIT_FORM = 'of the form NAME=SOFT[:HARD], such as nofile=1024:4096';

/** Reads `NAME=SOFT[:HARD]`; a value is a number, `unlimited` or `-1`. */
export function parseUlimit(text: string, option: string): Rlimit {
  const match = /^([a-z]+)=([^:]+)(?::([^:]+))?$/.exec(text);
  if (match === null) throw new OptionError(option, text, ULIMIT_FORM);
  const type = `RLIMIT_${(match[1] ?? '').toUpperCase()}`;
  if (!(type in RLIMIT)) {
    const names = Object.keys(RLIMIT).map((name) => name.slice('RLIMIT_'.length).toLowerCase());
    throw new OptionError(option, text, ULIMIT_FORM, { hint: `the names are ${names.join(', ')}` });
  }
  const soft = parseLimit(match[2] ?? '', option, text);
  const hard = match[3] === undefined ? soft : parseLimit(match[3], option, text);
  if (soft > hard) throw new OptionError(option, text, 'a limit with its soft value at or below its hard value');
  return { type, soft, hard };
}

function parseLimit(text: string, option: string, value: string): number | bigint {
  if (text === 'unlimited' || text === '-1') return RLIM_INFINITY;
  if (!/^\d{1,19}$/.test(text)) throw new OptionError(option, value, ULIMIT_FORM);
  return BigInt(text) <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(text) : BigInt(text);
}

/**
 * Returns the capabilities of a container's process.
 *
 * A process that is not root gets none in its effective set by default, as with every other runtime; the bounding set says
 * what a setuid program could still gain.
 *
 * @param root - whether the process's user is 0
 * @param defaults - what it has before anything is added or dropped
 */
export function resolveCapabilities(
  add: readonly string[],
  drop: readonly string[],
  root: boolean,
  defaults: readonly string[] = DEFAULT_CAPABILITIES,
): Capabilities {
  const added = add.map((name, index) => capabilityName(name, `capAdd[${String(index)}]`));
  const dropped = drop.map((name, index) => capabilityName(name, `capDrop[${String(index)}]`));
  const base = dropped.includes('ALL') ? [] : added.includes('ALL') ? CAPABILITIES : defaults;
  const wanted = new Set<string>(base);
  for (const name of added) if (name !== 'ALL') wanted.add(name);
  for (const name of dropped) wanted.delete(name);
  if (dropped.includes('ALL') && added.includes('ALL')) CAPABILITIES.forEach((name) => wanted.add(name));
  const bounding = CAPABILITIES.filter((name) => wanted.has(name));
  // Capabilities that were asked for by name are meant for the process itself: ambient carries them past exec.
  const kept = root ? bounding : bounding.filter((name) => added.includes(name));
  return { bounding, effective: kept, permitted: kept, inheritable: root ? [] : kept, ambient: root ? [] : kept };
}

function capabilityName(text: string, option: string): string {
  const name = text.toUpperCase();
  if (name === 'ALL') return name;
  const full = name.startsWith('CAP_') ? name : `CAP_${name}`;
  if (CAPABILITIES.some((known) => known === full)) return full;
  throw new OptionError(option, text, 'a capability such as NET_ADMIN (see capabilities(7)), or ALL');
}
