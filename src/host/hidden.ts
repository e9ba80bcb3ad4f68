import { constants, lstatSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path/posix';
import { addon } from '../native/addon.js';
import type { HiddenPath } from './facts.js';
import { now } from '../util/now.js';

/** Where a host keeps what is not for everybody: the directory, and how many levels of it are looked at. */
const PLACES: readonly (readonly [path: string, levels: number])[] = [
  ['/', 1],
  ['/etc', 2],
  ['/opt', 1],
  ['/srv', 1],
  ['/usr/local/etc', 1],
  ['/var', 1],
  ['/var/lib', 1],
  ['/var/log', 1],
  ['/var/spool', 1],
];

/** A list older than this is read again: a long-lived process must notice new secrets, not pay for each launch. */
const MAX_AGE_MS = 5000;

let cached: { readonly at: number; readonly paths: readonly HiddenPath[] } | undefined;

/**
 * Lists what the default root filesystem hides: whatever an unprivileged user of the host could not read. The container's
 * root owns the host's files as far as it can see, so permissions alone would hide nothing from it.
 *
 * @param cwd - when it is a home, its dot files are hidden too: the place of credentials and histories
 */
export function readHidden(cwd: string, homes: readonly string[]): readonly HiddenPath[] {
  if (cached === undefined || now() - cached.at > MAX_AGE_MS) {
    const paths = PLACES.flatMap(([path, levels]) => findPrivate(path, levels)).sort(byDirectory);
    cached = { at: now(), paths };
  }
  return [...cached.paths.filter(({ path }) => !homes.includes(path)), ...dotFiles(cwd, homes)];
}

/** Lists the directories that are, or hold, people's homes. */
export function readHomes(): readonly string[] {
  const own = ownHome();
  const known = ['/root', '/home'];
  const elsewhere =
    own !== undefined && own !== '/' && !known.some((path) => own === path || own.startsWith(`${path}/`));
  return [...known, ...known.flatMap(linkTarget), ...(elsewhere ? [own] : [])].filter(isOwnDirectory);
}

// A user id without an entry in the user database has no home, and then homedir() throws.
function ownHome(): string | undefined {
  // What homedir() would look at first, and then only at the user database.
  const { HOME: home } = process.env;
  if (home !== undefined) return home;
  try {
    return process.getBuiltinModule('node:os').homedir();
  } catch {
    return undefined;
  }
}

// On image-based systems /home is a link to /var/home: it is there that the homes have to be hidden.
function linkTarget(path: string): readonly string[] {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? [resolve('/', readlinkSync(path))]
    : [];
}

function isOwnDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function findPrivate(directory: string, levels: number): readonly HiddenPath[] {
  const found: HiddenPath[] = [];
  for (const { name, mode } of list(directory)) {
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
    const isDirectory = (mode & S_IFMT) === S_IFDIR;
    if ((mode & (isDirectory ? 0o001 : 0o004)) === 0) {
      found.push({ path, kind: isDirectory ? 'directory' : 'file', mode: mode & 0o777 });
    } else if (levels > 1 && isDirectory) {
      found.push(...findPrivate(path, levels - 1));
    }
  }
  return found;
}

const { S_IFMT, S_IFDIR, S_IFREG } = constants;

// What shares a directory stands together, so that a launch opens it once.
function byDirectory({ path: a }: HiddenPath, { path: b }: HiddenPath): number {
  const [first, second] = [dirname(a), dirname(b)];
  if (first !== second) return first < second ? -1 : 1;
  return a < b ? -1 : 1;
}

interface Entry {
  readonly name: string;
  readonly mode: number;
}

// None where it is missing, or closed to the caller and so to what the caller starts.
function list(directory: string): readonly Entry[] {
  const entries = addon.listModes({ path: directory }) ?? [];
  const found: Entry[] = [];
  for (let index = 0; index < entries.length; index += 2) {
    const mode = Number(entries[index + 1]);
    const type = mode & S_IFMT;
    if (type === S_IFDIR || type === S_IFREG) found.push({ name: String(entries[index]), mode });
  }
  return found;
}

function dotFiles(cwd: string, homes: readonly string[]): readonly HiddenPath[] {
  const isHome = homes.some((home) => (home.endsWith('/home') ? dirname(cwd) === home : cwd === home));
  if (!isHome) return [];
  return list(cwd)
    .filter(({ name }) => name.startsWith('.'))
    .map(({ name, mode }) => {
      const isDirectory = (mode & S_IFMT) === S_IFDIR;
      return { path: `${cwd}/${name}`, kind: isDirectory ? 'directory' : 'file', mode: isDirectory ? 0o700 : 0o600 };
    });
}
