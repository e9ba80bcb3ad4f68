// What the guests are made of, kept between runs: one directory for each part and each state of what it is made from.
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const KEEP_UNUSED_MS = 7 * 24 * 3600 * 1000;

/**
 * Returns where the lab keeps its parts: `CORRAL_LAB`, or `corral-lab` in the user's cache directory.
 *
 * @param {NodeJS.ProcessEnv} env
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory(env) {
  if (env['CORRAL_LAB']) return env['CORRAL_LAB'];
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'corral-lab');
}

/**
 * Returns a short name for exactly these inputs.
 *
 * @param {readonly (string | Buffer)[]} inputs
 */
function hashInputs(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest('hex').slice(0, 16);
}

/** The parts of one cache directory. */
export class Cache {
  #directory;
  #say;
  /** @type {Map<string, Promise<string>>} */
  #parts = new Map();

  /** @param {string} directory @param {(line: string) => void} say hears of what is made anew */
  constructor(directory, say) {
    this.#directory = directory;
    this.#say = say;
  }

  /**
   * Returns the directory of a part, made first unless it is there. A part that is there is complete: it is made beside its
   * place, and moved when it is done.
   *
   * @param {string} name
   * @param {readonly (string | Buffer)[]} inputs all that the part depends on
   * @param {(directory: string) => Promise<void>} make fills the empty directory
   * @returns {Promise<string>}
   */
  part(name, inputs, make) {
    const path = join(this.#directory, `${name}-${hashInputs(inputs)}`);
    const part = this.#parts.get(path) ?? this.#find(name, path, make);
    this.#parts.set(path, part);
    return part;
  }

  /** @param {string} name @param {string} path @param {(directory: string) => Promise<void>} make */
  async #find(name, path, make) {
    const now = new Date();
    const known = await utimes(path, now, now).then(
      () => true,
      () => false,
    );
    if (known) return path;
    const start = performance.now();
    this.#say(`${name}: making it in ${this.#directory}`);
    await mkdir(this.#directory, { recursive: true });
    const unfinished = await mkdtemp(join(this.#directory, `.${name}-`));
    try {
      await make(unfinished);
      await chmod(unfinished, 0o755);
      await rename(unfinished, path).catch((error) => {
        // Somebody else was faster, with the same.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    this.#say(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    await this.#forgetUnused(name, path);
    return path;
  }

  /** Removes what nobody has used for a week. @param {string} name @param {string} current */
  async #forgetUnused(name, current) {
    for (const entry of await readdir(this.#directory)) {
      const path = join(this.#directory, entry);
      const isOther = entry.startsWith(`${name}-`) || entry.startsWith(`.${name}-`);
      if (!isOther || path === current) continue;
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > KEEP_UNUSED_MS) await rm(path, { recursive: true, force: true });
    }
  }
}
