// The lab as the commands use it: parts made when needed, one copy of the project for all guests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boot } from './boot.mjs';
import { Cache, cacheDirectory } from './cache.mjs';
import { copyProject } from './project.mjs';
import { prepare } from './setup.mjs';

/** Guests, and what they need. To be closed. */
export class Lab {
  #cache;
  #scratch = mkdtempSync(join(tmpdir(), 'corral-lab-project-'));
  #stop = new AbortController();
  /** @type {Promise<string> | undefined} */
  #project;
  #onSignal = () => this.#stop.abort();

  /** @param {(line: string) => void} say hears of what takes long */
  constructor(say) {
    this.#cache = new Cache(cacheDirectory(process.env), say);
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, this.#onSignal);
  }

  /** @param {'uml' | 'qemu'} engine */
  prepare(engine) {
    return prepare(this.#cache, engine);
  }

  /** Whether somebody has asked this process to end. */
  get aborted() {
    return this.#stop.signal.aborted;
  }

  /**
   * Boots a guest with the project as it was when the first one was booted.
   *
   * @param {Omit<import('./boot.mjs').Job, 'parts' | 'project' | 'signal'>} job
   */
  async run(job) {
    const parts = await this.prepare(job.guest.engine);
    this.#project ??= copyProject(this.#scratch);
    return boot({ ...job, parts, project: await this.#project, signal: this.#stop.signal });
  }

  close() {
    rmSync(this.#scratch, { recursive: true, force: true });
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, this.#onSignal);
  }
}
