import { type KillReport, killCgroup } from '../cgroup/kill.js';
import { hasCgroup, inodeOf } from '../cgroup/ref.js';
import { type Usage, readUsage } from '../cgroup/usage.js';
import { isSupervised } from '../spec/annotations.js';
import { foreignRemover } from './foreign.js';
import type { MainProcess } from './main-process.js';
import { checkSurvivors, killWithoutCgroup, selectLastRung } from './one-by-one.js';
import type { MainExit } from './result.js';
import type { State } from './state.js';
import type { OwnedState } from './state-file.js';

/** What of a container its end is about. */
export interface TeardownParts {
  readonly state: State;
  readonly owned: OwnedState;
  readonly main: MainProcess;
}

/** What is known of a container when nothing of it is left. */
export interface LastFigures {
  readonly usage: Usage;
  /** How many processes the main one left behind, where it ended by itself. */
  readonly leftBehind: number;
}

/** The end of a container of this process: by a kill or by itself, its cgroups are emptied and removed once. */
export class Teardown {
  readonly #parts: TeardownParts;
  readonly #latest: () => State;
  #usage: Usage | undefined;
  #killing: Promise<KillReport> | undefined;
  #isKill = false;

  /** @param latest - returns what has become of the state */
  constructor(parts: TeardownParts, latest: () => State) {
    this.#parts = parts;
    this.#latest = latest;
  }

  /** Tells whether it does not end by itself. */
  get isKill(): boolean {
    return this.#isKill;
  }

  /** Kills all of it, once. */
  kill(): Promise<KillReport> {
    const { owned } = this.#parts;
    if (this.#killing === undefined) {
      this.#isKill = true;
      if (this.#isFollowed || owned.hasAdditions) owned.update({ killed: true });
    }
    this.#killing ??= this.#killAll();
    return this.#killing;
  }

  /**
   * Takes along what the main process has left, once that has ended.
   *
   * @param exit - how
   */
  async finish(exit: MainExit | undefined): Promise<LastFigures> {
    // The report page, which may say so, goes before the state does: see OwnedState.remove().
    if (this.#isFollowed && exit !== undefined) this.#parts.owned.update({ exit });
    const leftBehind = await this.#clear();
    return { leftBehind, usage: this.#lastUsage() };
  }

  async #killAll(): Promise<KillReport> {
    const { state, main } = this.#parts;
    if (hasCgroup(state.cgroup)) return this.#killCgroup();
    if (state.init === undefined || main.hasEnded) return NOTHING;
    return killWithoutCgroup(state.init, selectLastRung(state.spec));
  }

  #killCgroup(options: { readonly isEmpty?: boolean } = {}): Promise<KillReport> {
    const { cgroup, idMaps } = this.#latest();
    return killCgroup(cgroup, {
      ...options,
      mainEnd: this.#parts.main.exit,
      removeForeign: foreignRemover(idMaps),
      beforeRemove: () => {
        this.#usage = readUsage(cgroup);
        if (!this.#isFollowed || this.#usage.cpuMs === undefined) return;
        this.#parts.owned.update({ lastUsage: { inode: inodeOf(cgroup), usage: this.#usage } });
      },
    });
  }

  // Should this process die before it has told anybody, there is another one that wants to know.
  get #isFollowed(): boolean {
    return isSupervised(this.#parts.state.spec);
  }

  async #clear(): Promise<number> {
    const { state, main } = this.#parts;
    const endedByItself = this.#killing === undefined;
    if (hasCgroup(state.cgroup)) {
      this.#killing ??= this.#killCgroup({ isEmpty: hasOwnPids(state.spec) });
      const { processes } = await this.#killing;
      return endedByItself ? processes : 0;
    }
    this.#killing ??= Promise.resolve(NOTHING);
    const report = main.readReport();
    if (report === undefined) return 0;
    checkSurvivors(report);
    return endedByItself ? report.leftBehind : 0;
  }

  // Another process may have killed the container and removed the cgroup; it has left the last figures in the state.
  #lastUsage(): Usage {
    if (this.#usage?.cpuMs !== undefined) return this.#usage;
    const { cgroup } = this.#parts.state;
    const last = this.#parts.owned.read()?.lastUsage;
    return last !== undefined && last.inode === inodeOf(cgroup) ? last.usage : (this.#usage ?? {});
  }
}

const NOTHING: KillReport = { processes: 0, durationMs: 0, rung: 'none', gone: true };

// The kernel ends a pid namespace with its first process, and only then tells of that one's end.
function hasOwnPids({ linux: { namespaces } }: State['spec']): boolean {
  return namespaces.some(({ type }) => type === 'pid');
}
