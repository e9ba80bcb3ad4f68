// A supervisor of the bench's own, with containers below a cgroup of its own, and its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from 'corral';
import { clearCgroups } from './clear-cgroups.mjs';
import { countFds, countThreads, countWatches, readMemoryKb, readRuns } from './proc.mjs';
import { CORRAL, findCgroupBase } from './workspace.mjs';

const PROBE = fileURLToPath(new URL('supervisor-probe.cjs', import.meta.url));
const START_MS = 60_000;
const END_MS = 20_000;

/** So many requests for an end are made at a time. */
const AT_A_TIME = 8;

/** One supervisor after the other, over the same containers. */
export class BenchSupervisor {
  stateDir;
  /** Of all its containers, from the top of the hierarchies. */
  cgroupParent;
  /** The same in v2, as a path. */
  cgroup;
  /** @type {import('corral').Client} */
  client;
  #child;
  #notes = '';

  /** @param {string} name - a word for what it is used for */
  constructor(name) {
    this.stateDir = mkdtempSync(`/run/corral-${name}-`);
    this.cgroupParent = this.stateDir.slice('/run/'.length);
    this.cgroup = join(findCgroupBase({ ...process.env, CORRAL_STATE_DIR: this.stateDir }), this.cgroupParent);
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Starts it, or the next one.
   *
   * @returns {Promise<number>} how many milliseconds went by until it answered
   */
  async start() {
    const before = performance.now();
    this.#notes = '';
    // A process group of its own: Ctrl-C is for the bench, which ends it when its containers are gone.
    this.#child = spawn(process.execPath, ['--require', PROBE, CORRAL, 'supervise', '--state-dir', this.stateDir], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr.on('data', (chunk) => (this.#notes += chunk));
    this.client = await this.#connect();
    return performance.now() - before;
  }

  async #connect() {
    const deadline = performance.now() + START_MS;
    for (;;) {
      try {
        return await connect({ stateDir: this.stateDir, start: false });
      } catch (error) {
        if (this.#hasEnded || performance.now() > deadline)
          throw new Error(`supervise: ${this.#notes}`, { cause: error });
        await delay(2);
      }
    }
  }

  /** A client of its own, to be closed by the caller. */
  connect() {
    return connect({ stateDir: this.stateDir, start: false });
  }

  /** What it holds. @param {{ collects?: boolean }} [how] - after a collection of garbage */
  async measure({ collects = false } = {}) {
    const answer = once(this.#child, 'message');
    this.#child.send({ collects });
    const [{ heapUsed, external, young }] = await answer;
    const { pss, rss } = readMemoryKb(this.pid);
    return {
      ...{ pssKb: pss, rssKb: rss, heapKb: heapUsed / 1024, externalKb: external / 1024, youngKb: young / 1024 },
      ...{ fds: countFds(this.pid), threads: countThreads(this.pid), watches: countWatches(this.pid) },
    };
  }

  /** How much it has run so far, and how often it was woken. */
  readRuns() {
    return readRuns(this.pid);
  }

  /** Ends it the way that nobody expects. */
  async kill() {
    await this.#end('SIGKILL');
  }

  async #end(signal) {
    this.client?.close();
    if (this.#child === undefined || this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const hurry = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(hurry);
  }

  get #hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Removes all containers. */
  async removeAll() {
    const left = [...(await this.client.list())];
    const worker = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        await this.client.remove(next.id, { force: true }).catch((error) => {
          if (error.code !== 'ERR_NOT_FOUND') throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  }

  /** Removes all containers, ends it, and removes what it leaves on purpose. Whatever state it is in: nothing stays. */
  async clearAway() {
    try {
      if (this.#child !== undefined && !this.#hasEnded) await this.removeAll();
    } finally {
      await this.#end('SIGTERM');
      // Also where the supervisor has died before it could do that.
      await clearCgroups(this.cgroupParent, [this.cgroup]);
      rmSync(this.stateDir, { recursive: true, force: true });
    }
  }
}
