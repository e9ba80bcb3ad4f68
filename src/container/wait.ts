import { openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fd } from '../native/fd.js';
import type { Pidfd } from '../native/pidfd.js';
import { readReportPage } from '../native/report-page.js';
import { NotFoundError } from '../errors/state-errors.js';
import { isMissingFile } from '../util/missing.js';
import type { AwaitedState } from './awaited-state.js';
import { type ProcessIdentity, openProcess, readZombieStatus } from './identity.js';
import { type ContainerResult, parseWaitStatus } from './result.js';
import type { State } from './state.js';
import type { Store } from './store.js';

/**
 * What is known of how a container ended to somebody who is not its owner: all of it where the owner was there to tell;
 * otherwise how its first process ended, or nothing but that it did.
 */
export interface EndReport extends Partial<ContainerResult> {
  readonly id: string;
}

/** How {@link waitForEnd} waits. */
export interface WaitOptions {
  /** Ends the wait, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for the end of a container, whoever its owner is: until nothing of it is left, or, where its owner has died, until its
 * first process has ended.
 *
 * The owner tells how it ended. Where it cannot any more, the report page says it, if the container was meant to outlive its
 * owner, or else the kernel: from Linux 6.15 on to everybody who was there at the end, before that only for a moment.
 *
 * @throws NotFoundError
 */
export async function waitForEnd(store: Store, id: string, { signal }: WaitOptions = {}): Promise<EndReport> {
  signal?.throwIfAborted();
  using file = store.await(id);
  // Awaited here: the file is open until then.
  return await awaitEnd(file, id, signal);
}

/** The same for a state that has been opened, and whose owner knows that somebody waits. */
export async function awaitEnd(file: AwaitedState, id: string, signal: AbortSignal | undefined): Promise<EndReport> {
  const state = readState(file, id);
  // Now, as long as they are there: afterwards nobody could find out.
  using early = new Traces(state, file);
  const ending = await untilTold(file, state.owner, signal);
  if (ending !== undefined) return { id, ...ending };
  // It may have come up only since: then its owner has died, and what it left tells more.
  const later = readState(file, id);
  using late = state.init === undefined && later.init !== undefined ? new Traces(later, file) : undefined;
  const status = await (late ?? early).untilEnd(signal);
  return { id, ...(status === undefined ? {} : parseWaitStatus(status)) };
}

function readState(file: AwaitedState, id: string): State {
  const state = file.read();
  if (state === undefined) throw new NotFoundError(id);
  return state;
}

/** Waits for the owner's last words. @returns `undefined` when there will be none */
async function untilTold(
  file: AwaitedState,
  owner: ProcessIdentity,
  signal: AbortSignal | undefined,
): Promise<ContainerResult | undefined> {
  using pidfd = openProcess(owner);
  if (pidfd === undefined) return file.read()?.ending;
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const death = pidfd.untilExit({ signal: either }).catch(unlessAborted(either));
  const told = file.untilTold(either);
  try {
    await Promise.race([told, death]);
  } finally {
    over.abort();
    await Promise.allSettled([told, death]);
  }
  signal?.throwIfAborted();
  return file.read()?.ending;
}

function unlessAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

/** How often, and in all how long, is looked for how a process ended: its parent may be slow to take note of it. */
const LOOKS_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

/** What tells how a container's first process ended, when its owner cannot. */
class Traces implements Disposable {
  readonly #init: ProcessIdentity | undefined;
  readonly #pidfd: Pidfd | undefined;
  readonly #report: Fd | undefined;

  constructor({ init }: State, file: AwaitedState) {
    this.#init = init;
    this.#pidfd = init === undefined ? undefined : openProcess(init);
    const report = openReport(file.reportPath);
    // Once the state is removed, the report may be that of another container of the name.
    if (file.isRemoved) report?.close();
    else this.#report = report;
  }

  /** Waits for its end. @returns its wait status; `undefined` where nobody knows */
  async untilEnd(signal: AbortSignal | undefined): Promise<number | undefined> {
    await this.#pidfd?.untilExit({ signal });
    const noted = this.#report && readReportPage(this.#report.number).waitStatus;
    return noted ?? this.#readStatus(signal);
  }

  // Before its parent has taken note of the end, /proc tells; afterwards, the pidfd, on newer kernels.
  async #readStatus(signal: AbortSignal | undefined): Promise<number | undefined> {
    if (this.#init === undefined) return undefined;
    // Without a pidfd it had ended before the wait, and there is nothing more to come.
    for (const ms of this.#pidfd === undefined ? [0] : LOOKS_MS) {
      await delay(ms, undefined, { signal });
      const status = readZombieStatus(this.#init) ?? this.#pidfd?.readWaitStatus();
      if (status !== undefined) return status;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#pidfd?.close();
    this.#report?.close();
  }
}

function openReport(path: string): Fd | undefined {
  try {
    return new Fd(openSync(path, 'r'));
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}
