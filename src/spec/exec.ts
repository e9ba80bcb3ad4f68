import { OptionError } from '../errors/option-error.js';
import { parseEnv } from './environment.js';
import { checkCommand } from './from-options.js';
import type { ProcessOptions } from './options.js';
import { containerDirectory } from './parse/mounts.js';
import { resolveCapabilities } from './parse/process.js';
import { type ResolvedUser, type UserDatabase, resolveUser } from './parse/user.js';
import { parseTerminal, terminalEnv, terminalFields } from './parse/terminal.js';
import type { Process } from './types.js';

/** What a further process of a container may have different from the main one. */
export type ProcessOverrides = Pick<
  ProcessOptions,
  'env' | 'cwd' | 'user' | 'groups' | 'capAdd' | 'capDrop' | 'terminal'
>;

/**
 * Returns the process of an exec: the container's own, with another command and what was overridden.
 *
 * @param around - the caller's environment, and how to read the container's user database, where a user is named
 */
export function toExecProcess(
  command: readonly string[],
  base: Process,
  overrides: ProcessOverrides,
  around: { readonly env: Readonly<Record<string, string | undefined>>; readonly database: () => UserDatabase },
): Process {
  checkCommand(command);
  const { user, groups = [], capAdd, capDrop, cwd } = overrides;
  if (groups.length > 0 && user === undefined) {
    throw new OptionError('groups', groups, 'possible without user');
  }
  const resolved = user === undefined ? undefined : resolveUser(user, groups, around.database());
  const who = resolved === undefined ? base.user : { ...withoutHome(resolved), umask: base.user.umask };
  const sameUser = who.uid === base.user.uid && capAdd === undefined && capDrop === undefined;
  const size = parseTerminal(overrides.terminal);
  // The terminal of the main process is its own.
  const { terminal: _, consoleSize: __, ...rest } = base;
  return {
    ...rest,
    ...terminalFields(size),
    args: command,
    env: mergeEnv(base.env, {
      ...(resolved === undefined ? {} : { HOME: resolved.home }),
      ...terminalEnv(size, around.env),
      ...parseEnv(overrides.env ?? {}, around.env),
    }),
    cwd: cwd === undefined ? base.cwd : containerDirectory(cwd, 'cwd', cwd),
    user: who,
    // From what the container has, not from the default set: what was taken from a container is not given back here.
    capabilities: sameUser
      ? base.capabilities
      : resolveCapabilities(capAdd ?? [], capDrop ?? [], who.uid === 0, base.capabilities.bounding),
  };
}

function withoutHome({ uid, gid, additionalGids }: ResolvedUser): Omit<ResolvedUser, 'home'> {
  return { uid, gid, additionalGids };
}

function mergeEnv(base: readonly string[], given: Readonly<Record<string, string | undefined>>): readonly string[] {
  const keys = Object.keys(given);
  const kept = base.filter((entry) => !keys.includes(entry.slice(0, entry.indexOf('='))));
  return [...kept, ...keys.flatMap((key) => (given[key] === undefined ? [] : [`${key}=${given[key]}`]))];
}
