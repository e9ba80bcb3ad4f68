import { readLimits } from '../../cgroup/limits.js';
import { isEmpty, watchCgroup } from '../../cgroup/watch.js';
import { isContainerError } from '../../errors/container-error.js';
import type { FdWatch } from '../../native/fd-watch.js';
import { labelsOf } from '../../spec/annotations.js';
import { AwaitedState } from '../awaited-state.js';
import type { State } from '../state.js';
import { type EndReport, awaitEnd } from '../wait.js';
import type { EventDetails } from './types.js';

/** Where a tracker tells what it has learnt. */
export interface TrackerContext {
  /** Of the state file. */
  readonly path: string;
  readonly id: string;
  readonly tell: (details: EventDetails, labels: Readonly<Record<string, string>>) => void;
  readonly onError: (error: unknown) => void;
  /** Called when there is nothing more to follow. */
  readonly onEnd: () => void;
  /** Ends what waits. */
  readonly signal: AbortSignal;
}

/** Follows one container from the making of its state file to its end. */
export class Tracker {
  readonly #context: TrackerContext;
  readonly #file: AwaitedState | undefined;
  /** What has been told of already. */
  #known: State | undefined;
  #cgroup: FdWatch | undefined;
  #isNew: boolean;
  /** The end of another one of its name has been told of since. */
  #isSuccessor = false;
  #hasEnded = false;
  #isEmpty = false;
  #oomKills = 0;

  /** @param isNew - its making is what is told of first; otherwise it was there before */
  constructor(context: TrackerContext, isNew: boolean) {
    this.#context = context;
    this.#isNew = isNew;
    this.#file = AwaitedState.openQuietly(context.path);
    if (this.#file === undefined && isNew) this.#tellUnseen();
  }

  /** The file that it follows does not have the name any more. */
  get isGone(): boolean {
    return this.#file === undefined || this.#hasEnded || this.#file.isRemoved;
  }

  /**
   * The directory tells of its making, or of that of another of its name, although it is followed already: either it was found
   * when the watch began, or before the end of its predecessor was told of.
   */
  noteMaking(): void {
    if (this.#isNew) {
      if (!this.#isSuccessor) this.#tellUnseen();
      this.#isSuccessor = !this.#isSuccessor;
      return;
    }
    this.#isNew = true;
    if (this.#known === undefined) return;
    this.#tell({ type: 'created', command: this.#known.spec.process.args });
    if (this.#known.status === 'running') this.#tellStarted(this.#known);
  }

  /** Looks what has been added to its state. */
  look(): void {
    if (this.#file === undefined || this.#hasEnded) return;
    const state = readUnlessBroken(this.#file);
    if (state === undefined) return;
    const before = this.#known;
    this.#known = state;
    if (before === undefined) this.#begin(this.#file, state);
    this.#compare(before ?? (this.#isNew ? { ...state, status: 'creating' } : state), state);
  }

  /** Lets go of everything. */
  stop(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cgroup?.stop();
    // Who waits for its end uses it until told to stop.
    if (this.#known === undefined) this.#file?.[Symbol.dispose]();
    this.#context.onEnd();
  }

  #begin(file: AwaitedState, state: State): void {
    file.announce();
    if (this.#isNew) this.#tell({ type: 'created', command: state.spec.process.args });
    else if (state.status === 'running') this.#watch(state);
    const { id, signal, onError } = this.#context;
    awaitEnd(file, id, signal)
      .then((end) => {
        this.#finish(end);
      })
      .catch((error: unknown) => {
        if (!signal.aborted) onError(error);
      })
      .finally(() => {
        file[Symbol.dispose]();
      });
  }

  #compare(before: State, now: State): void {
    if (before.status !== now.status) {
      this.#tellStarted(now);
      this.#watch(now);
    }
    for (let count = before.updates ?? 0; count < (now.updates ?? 0); count++)
      this.#tell({ type: 'updated', limits: readLimits(now.cgroup) });
    if (before.frozen !== now.frozen) this.#tell({ type: now.frozen === true ? 'frozen' : 'thawed' });
    if (before.killed !== now.killed) this.#tell({ type: 'killed' });
  }

  #watch({ cgroup }: State): void {
    this.#cgroup = watchCgroup(cgroup, this.#isNew, {
      onEmpty: () => {
        this.#tellEmpty();
      },
      onFrozen: (isFrozen) => {
        this.#tell({ type: isFrozen ? 'frozen' : 'thawed' });
      },
      onOom: (oomKills) => {
        this.#tellOom(oomKills);
      },
    });
  }

  // What others have noted, and what the kernel has counted, until the last moment.
  #finish({ id: _, ...end }: EndReport): void {
    if (this.#hasEnded) return;
    this.look();
    this.#tellOom(end.usage?.oomKills ?? 0);
    const state = this.#known;
    if (state?.status === 'running' && isEmpty(state.cgroup)) this.#tellEmpty();
    this.#tell({ type: 'exited', ...end });
    this.stop();
  }

  // Made and gone before anybody could look.
  #tellUnseen(): void {
    const { tell } = this.#context;
    tell({ type: 'created' }, {});
    tell({ type: 'exited' }, {});
  }

  #tellStarted({ init }: State): void {
    this.#tell({ type: 'started', ...(init === undefined ? {} : { pid: init.pid }) });
  }

  #tellEmpty(): void {
    if (!this.#isEmpty) this.#tell({ type: 'populated', populated: 0 });
    this.#isEmpty = true;
  }

  #tellOom(oomKills: number): void {
    if (oomKills > this.#oomKills) this.#tell({ type: 'oom', oomKills });
    this.#oomKills = Math.max(this.#oomKills, oomKills);
  }

  #tell(details: EventDetails): void {
    this.#context.tell(details, this.#known === undefined ? {} : labelsOf(this.#known.spec));
  }
}

/** @returns `undefined` while nothing whole is in it, and when it is no state */
function readUnlessBroken(file: AwaitedState): State | undefined {
  try {
    return file.read();
  } catch (error) {
    if (isContainerError(error)) return undefined;
    throw error;
  }
}
