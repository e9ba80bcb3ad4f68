import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Versions that nobody has started for this long are removed. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * What V8 made of a program's text, kept from one run to the next: compiling it anew would cost half of the program's start.
 * It is code, so it is only taken from where nobody but the user can write. All that fails here just means no cache.
 */
export class CodeCache {
  readonly #path: string;

  /** @param name - of the file: says which program and which Node it is of */
  constructor(directory: string, name: string) {
    this.#path = join(directory, name);
  }

  /** Returns what was kept; `undefined` when there is nothing, or nothing to be trusted. */
  read(): Buffer | undefined {
    try {
      if (!isOwn(statSync(dirname(this.#path)))) return undefined;
      const fd = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return isOwn(fstatSync(fd)) ? readFileSync(fd) : undefined;
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
  }

  /** Keeps something for the next run. */
  write(data: Uint8Array): void {
    const directory = dirname(this.#path);
    const unfinished = `${this.#path}.${String(process.pid)}`;
    try {
      // With sudo, the home may be another user's, who could not clear away what root makes there.
      if (!isOwn(statExisting(directory))) return;
      mkdirSync(directory, { mode: 0o700, recursive: true });
      if (!isOwn(statSync(directory))) return;
      removeOld(directory);
      writeFileSync(unfinished, data, { mode: 0o600, flag: 'wx' });
      renameSync(unfinished, this.#path);
    } catch {
      tryRemove(unfinished);
    }
  }
}

/**
 * Where the user's caches are, by the XDG Base Directory Specification; `undefined` for a user without a home. Services of the
 * system have none, and start engines: those of root share `/var/cache`.
 */
export function cacheDirectory(
  { XDG_CACHE_HOME: given, HOME: home }: NodeJS.ProcessEnv,
  uid = process.geteuid?.(),
): string | undefined {
  if (given?.startsWith('/') === true) return `${given}/corral`;
  if (home?.startsWith('/') === true) return `${home}/.cache/corral`;
  return uid === 0 ? '/var/cache/corral' : undefined;
}

// In a home that may not be entered, not even that it is missing can be seen.
function tryRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Then it was not made either.
  }
}

function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}

function statExisting(path: string): Stats {
  return statSync(path, { throwIfNoEntry: false }) ?? statExisting(dirname(path));
}

function removeOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true });
  }
}
