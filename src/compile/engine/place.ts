import { ConfigError } from '../../errors/config-error.js';
import type { Mount } from '../../spec/types.js';
import { isWithin } from '../questions.js';

/** What `place-mount` heeds: native/init/steps/engine_mounts.cc has the same numbers. */
export const PLACE = {
  /** A mount point that is missing is made. */
  CREATE: 1,
  /** The mount point is no symbolic link. */
  PLAIN: 2,
  /** It may be inside a procfs. */
  IN_PROC: 4,
  /** What is placed is a whole procfs. */
  MUST_BE_PROC: 8,
} as const;

/** What other programs put in the place of the kernel's files, as lxcfs does; runc allows the same. */
const REPLACEABLE: ReadonlySet<string> = new Set([
  '/proc/cpuinfo',
  '/proc/diskstats',
  '/proc/loadavg',
  '/proc/meminfo',
  '/proc/net/dev',
  '/proc/slabinfo',
  '/proc/stat',
  '/proc/swaps',
  '/proc/sys/crypto/fips_enabled',
  '/proc/sys/kernel/ns_last_pid',
  '/proc/uptime',
]);

/** Returns a path without `.`, `..`, doubled slashes and one at its end. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * Returns the rules for placing a mount, PLACE bits.
 *
 * A container without a true /proc would have corral, and whatever else enters it, write into files of its own making
 * (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642): so nothing but a procfs goes there. Where symbolic links lead is
 * looked at once more when the mount is placed.
 *
 * @param isBind - it is a bind mount
 * @throws ConfigError for a destination inside /proc, or something else than a procfs on it
 */
export function placeRules({ destination, type }: Mount, index: number, isBind: boolean): number {
  const path = cleanPath(destination);
  const pointer = `/mounts/${String(index)}`;
  if (!destination.startsWith('/')) {
    throw new ConfigError(`${pointer}/destination`, destination, 'an absolute path');
  }
  if (path === '/') throw new ConfigError(`${pointer}/destination`, destination, 'a path below /');
  if (path === '/proc') {
    if (!isBind && type !== 'proc') throw new ConfigError(`${pointer}/type`, type, 'proc, which alone goes on /proc');
    return PLACE.CREATE | PLACE.PLAIN | PLACE.MUST_BE_PROC;
  }
  if (isWithin(path, '/proc')) {
    if (REPLACEABLE.has(path)) return PLACE.IN_PROC | PLACE.CREATE;
    throw new ConfigError(
      `${pointer}/destination`,
      destination,
      'outside /proc, nor a file there that may be replaced',
      {
        hint: `these may be: ${[...REPLACEABLE].join(', ')}`,
      },
    );
  }
  return !isBind && (type === 'proc' || type === 'sysfs') ? PLACE.CREATE | PLACE.PLAIN : PLACE.CREATE;
}
