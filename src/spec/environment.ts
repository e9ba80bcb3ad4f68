import { API_DIRECTORY, API_SOCKET, API_VARIABLE } from './api.js';
import { OptionError } from '../errors/option-error.js';
import { DEFAULT_PATH } from './defaults.js';
import type { ContainerOptions } from './options.js';
import { hostnameOf } from './parse/name.js';
import { parseTerminal, terminalEnv } from './parse/terminal.js';
import type { ResolvedUser } from './parse/user.js';
import type { Surroundings } from './surroundings.js';

/**
 * Returns the environment of a container with namespaces: a small one, since what the caller's holds (tokens, agents' sockets) is
 * the caller's own.
 *
 * @throws OptionError
 */
export function containerEnv(
  name: string,
  options: ContainerOptions,
  around: Surroundings,
  user: ResolvedUser,
): readonly string[] {
  const path = options.rootfs === undefined ? around.env['PATH'] : undefined;
  const { TERM: term } = around.env;
  return formatEnv({
    PATH: path ?? DEFAULT_PATH,
    HOME: user.home,
    HOSTNAME: options.uts === 'host' ? undefined : (options.hostname ?? hostnameOf(name)),
    container: 'corral',
    [API_VARIABLE]: options.api === true ? `${API_DIRECTORY}/${API_SOCKET}` : undefined,
    ...(term === undefined ? {} : { TERM: term }),
    ...terminalEnv(parseTerminal(options.terminal), around.env),
    ...givenEnv(options, around),
  });
}

/** Returns the environment of a container without namespaces: the caller's, and what was given. @throws OptionError */
export function inheritedEnv(options: ContainerOptions, around: Surroundings): readonly string[] {
  const terminal = terminalEnv(parseTerminal(options.terminal), around.env);
  const api = options.api === true ? { [API_VARIABLE]: `${around.apiDirectory}/${API_SOCKET}` } : {};
  return formatEnv({ ...around.env, ...terminal, ...api, ...givenEnv(options, around) });
}

function givenEnv(options: ContainerOptions, around: Surroundings): Record<string, string | undefined> {
  return parseEnv(options.env ?? {}, around.env);
}

/**
 * Checks variables, and fills in the caller's value for those that are `undefined`.
 *
 * @param inherited - the caller's environment
 */
export function parseEnv(
  env: Readonly<Record<string, string | undefined>>,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => {
      if (key === '' || key.includes('=') || key.includes('\0')) {
        throw new OptionError('env', key, 'the name of a variable');
      }
      if (value?.includes('\0') === true) throw new OptionError(`env.${key}`, value, 'text without NUL bytes');
      // Own ones only: process.env has a `toString` that is no variable.
      return [key, value ?? (Object.hasOwn(inherited, key) ? inherited[key] : undefined)];
    }),
  );
}

function formatEnv(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}
