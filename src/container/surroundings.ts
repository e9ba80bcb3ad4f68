import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path/posix';
import { isContainerError } from '../errors/container-error.js';
import { OptionError } from '../errors/option-error.js';
import { readHostFacts } from '../host/read-facts.js';
import { addon } from '../native/addon.js';
import { call } from '../native/call.js';
import { PACKAGE_ROOT } from '../native/locate.js';
import { apiDirectory, stateDirectory } from './store.js';
import type { Surroundings } from '../spec/surroundings.js';
import { type UserDatabase, resolveUser } from '../spec/parse/user.js';
import { parseJson } from '../spec/config/json.js';

/** Where whoever asks for a container is. */
export type CallerSurroundings = Pick<Surroundings, 'cwd' | 'env'>;

/**
 * Returns what options are read against: this process's own surroundings.
 *
 * @param rootfs - the root filesystem whose user database counts; absent: the host's
 * @param about - `around`: of whoever asks, where that is not this process; `stateDir`: where the state of containers is kept
 */
export function surroundings(
  rootfs: string | undefined,
  {
    around,
    stateDir,
  }: { readonly around?: CallerSurroundings | undefined; readonly stateDir?: string | undefined } = {},
): Surroundings {
  const { cwd, env } = around ?? { cwd: workingDirectory(), env: process.env };
  return {
    cwd,
    env,
    // Only a container without namespaces asks.
    get ids() {
      return {
        uid: process.geteuid?.() ?? 0,
        gid: process.getegid?.() ?? 0,
        groups: process.getgroups?.() ?? [],
      };
    },
    resolve: (path) => resolve(cwd, path),
    apiDirectory: apiDirectory(stateDirectory(stateDir, process.geteuid?.() ?? 0, process.env)),
    readJson,
    machine: () => readHostFacts({ paths: [], cwd }),
    program: [process.execPath, resolve(PACKAGE_ROOT)],
    device: (path) => deviceNumbers(resolve(cwd, path)),
    user: (text, groups) =>
      resolveUser(text, groups, rootfs === undefined ? hostDatabase() : databaseIn(resolve(cwd, rootfs))),
  };
}

// 64 bits of an argument are more than a number holds.
function readJson(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return parseJson(text);
  } catch (error) {
    throw new OptionError('seccomp', path, 'a file of JSON', { cause: error });
  }
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/'; // it was removed meanwhile
  }
}

let known: { readonly stamp: string; readonly database: UserDatabase } | undefined;

// A process that starts a thousand containers a second need not read the same two files for each.
function hostDatabase(): UserDatabase {
  const stamp = `${stampOf('/etc/passwd')} ${stampOf('/etc/group')}`;
  if (known?.stamp === stamp) return known.database;
  const database = { passwd: readIfThere('/etc/passwd'), group: readIfThere('/etc/group') };
  known = { stamp, database };
  return database;
}

function stampOf(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? 'absent' : [status.ino, status.size, status.mtimeMs, status.ctimeMs].join(':');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no database: then names cannot be resolved, and resolveUser says so
  }
}

// The root filesystem may be hostile: a symbolic link there must not lead to the host's files.
function databaseIn(rootfs: string): UserDatabase {
  const rootFd = call(`open root filesystem ${rootfs}`, () => openDirectory(rootfs), rootfs);
  try {
    return { passwd: readInRoot(rootFd, '/etc/passwd'), group: readInRoot(rootFd, '/etc/group') };
  } finally {
    closeSync(rootFd);
  }
}

/** Returns the user database that a running container sees. */
export function databaseOf(initPid: number): UserDatabase {
  return databaseIn(`/proc/${String(initPid)}/root`);
}

function openDirectory(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    // node:fs counts errnos downwards, the addon and call() upwards.
    if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
      throw Object.assign(error, { errno: -error.errno, syscall: 'open' });
    }
    throw error;
  }
}

function readInRoot(rootFd: number, path: string): string {
  try {
    const fd = call(`open ${path}`, () => addon.openInRoot({ rootFd, path }), path);
    try {
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isContainerError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return '';
    throw error;
  }
}

function deviceNumbers(path: string): { readonly major: number; readonly minor: number } | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isBlockDevice() !== true) return undefined;
  // makedev(3): 12 bits of major in the middle, minor around them.
  return { major: (status.rdev >> 8) & 0xfff, minor: (status.rdev & 0xff) | ((status.rdev >> 12) & 0xfff00) };
}
