import { OptionError } from '../../errors/option-error.js';

/** Longest container name: it names a directory, a cgroup and, cut to 64, a host. */
const MAX_NAME = 128;

/**
 * Checks a container's name: it becomes a path component, so neither `/` nor a leading dot can be in it; with a leading dash
 * it would be a flag.
 *
 * @throws OptionError naming what is wrong
 */
export function checkName(name: string, option = 'name'): string {
  if (isName(name)) return name;
  throw new OptionError(
    option,
    name,
    `a container name: letters, digits, _ + . -, not starting with a dot or a dash, at most ${String(MAX_NAME)}`,
  );
}

/** Tells whether a container can have this name. */
export function isName(name: string): boolean {
  return name.length <= MAX_NAME && /^[a-zA-Z0-9_+][a-zA-Z0-9_+.-]*$/.test(name);
}

/** Longest id that an engine can give: it names files, with a suffix of seven. @see NAME_MAX of the kernel */
const MAX_ID = 248;

/**
 * Checks the id that an engine gives a container. Unlike a name that people give, it may begin with a dash, as with other runtimes.
 *
 * @throws OptionError naming what is wrong
 */
export function checkContainerId(id: string): string {
  if (id.length <= MAX_ID && /^[a-zA-Z0-9_+-][a-zA-Z0-9_+.-]*$/.test(id)) return id;
  throw new OptionError(
    'id',
    id,
    `a container id: letters, digits, _ + . -, not starting with a dot, at most ${String(MAX_ID)}`,
  );
}

/** Returns a host name made of a container's name: what gethostname(2) can hold. */
export function hostnameOf(name: string): string {
  return name.slice(0, 64);
}

/** @throws OptionError unless `hostname` is 1–64 letters, digits, dots and dashes */
export function checkHostname(hostname: string): string {
  if (/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,62}[a-zA-Z0-9])?$/.test(hostname)) return hostname;
  throw new OptionError('hostname', hostname, 'a host name: letters, digits, dots and dashes, at most 64');
}
