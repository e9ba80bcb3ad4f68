import { OptionError } from '../../errors/option-error.js';
import { parseSize } from '../../util/size.js';
import type { Volume } from '../options.js';
import type { Mount } from '../types.js';

const VOLUME_FORM = 'of the form SRC:DST[:ro|rw]';

/**
 * Reads a volume, `SRC:DST[:ro|rw]` or its parts, as a bind mount.
 *
 * Devices of the source do not work inside, and setuid bits have no effect: a volume carries data.
 *
 * @param resolve - makes the source absolute
 */
export function parseVolume(value: string | Volume, option: string, resolve: (path: string) => string): Mount {
  const { source, target, readOnly } = typeof value === 'string' ? splitVolume(value, option) : value;
  if (source === '') throw new OptionError(option, value, VOLUME_FORM);
  return {
    destination: containerPath(target, option, value),
    type: 'bind',
    source: resolve(hostPath(source, option, value)),
    options: ['rbind', 'nosuid', 'nodev', ...(readOnly === true ? ['ro'] : [])],
  };
}

function splitVolume(text: string, option: string): Volume {
  const [source, target, mode, ...rest] = text.split(':');
  if (source === undefined || target === undefined || rest.length > 0) throw new OptionError(option, text, VOLUME_FORM);
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw') {
    throw new OptionError(option, text, VOLUME_FORM, { hint: `${JSON.stringify(mode)} is neither ro nor rw` });
  }
  return { source, target, readOnly: mode === 'ro' };
}

const TMPFS_FORM = 'of the form DST[:OPTION,…] with the options size=SIZE, mode=OCTAL, ro, exec, noexec';

/** Reads `DST[:OPTION,…]` as a mount of an empty tmpfs. */
export function parseTmpfs(text: string, option: string): Mount {
  const colon = text.indexOf(':');
  const destination = colon < 0 ? text : text.slice(0, colon);
  const options = colon < 0 ? [] : text.slice(colon + 1).split(',');
  return {
    destination: containerPath(destination, option, text),
    type: 'tmpfs',
    source: 'tmpfs',
    options: mergeTmpfsOptions(options, text, option),
  };
}

function mergeTmpfsOptions(options: readonly string[], text: string, option: string): readonly string[] {
  const merged = new Map([
    ['mode', 'mode=1777'],
    ['exec', 'noexec'],
  ]);
  for (const word of options) {
    const equals = word.indexOf('=');
    const [key, value] = equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
    if (key === 'size' && value !== undefined && (parseSize(value) ?? 0) > 0) {
      merged.set('size', `size=${String(parseSize(value))}`);
    } else if (key === 'mode' && value !== undefined && /^[0-7]{3,4}$/.test(value)) {
      merged.set('mode', word);
    } else if (word === 'ro') {
      merged.set('ro', word);
    } else if (word === 'exec' || word === 'noexec') {
      merged.set('exec', word);
    } else {
      throw new OptionError(option, text, TMPFS_FORM);
    }
  }
  return ['nosuid', 'nodev', ...merged.values()];
}

/** Returns `path` without `.`, `..` and doubled slashes. @throws OptionError unless it is absolute and below `/` */
export function containerPath(path: string, option: string, value: unknown): string {
  const plain = containerDirectory(path, option, value);
  if (plain === '/') throw new OptionError(option, value, 'a path below /');
  return plain;
}

/** The same for a path that may be `/` itself. @throws OptionError unless it is absolute */
export function containerDirectory(path: string, option: string, value: unknown): string {
  if (!path.startsWith('/') || path.includes('\0'))
    throw new OptionError(option, value, 'an absolute path in the container');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** @throws OptionError for what is no path of the host: an empty one would come to mean the working directory */
export function hostPath(path: string, option: string, value: unknown): string {
  if (path !== '' && !path.includes('\0')) return path;
  throw new OptionError(option, value, 'a path on the host');
}
