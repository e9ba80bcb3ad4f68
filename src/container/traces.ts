import { openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Fd } from '../native/fd.js';
import type { Pidfd } from '../native/pidfd.js';
import { type Report, readReportPage } from '../native/report-page.js';
import { isMissingFile } from '../util/missing.js';
import { SIGNALS } from '../util/signals.js';
import { type ProcessIdentity, openProcess, readZombieStatus } from './identity.js';

/** How often, and in all how long, is looked for how a process ended: its parent may be slow to take note of it. */
const LOOKS_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

/**
 * What tells how a container's first process ended, to somebody who is not its parent: the report page says it, if the container
 * was meant to outlive its owner, or else the kernel: from Linux 6.15 on to everybody who was there at the end, before that only
 * for a moment.
 */
export class Traces implements Disposable {
  /** Absent where it had ended already. */
  readonly pidfd: Pidfd | undefined;
  readonly #init: ProcessIdentity | undefined;
  readonly #report: Fd | undefined;

  /** @param report - its report page, where there is one: belongs to the traces from here on */
  constructor(init: ProcessIdentity | undefined, report: Fd | undefined) {
    this.#init = init;
    this.#report = report;
    this.pidfd = init === undefined ? undefined : openProcess(init);
  }

  /** Returns what is in its report page. */
  readReport(): Report | undefined {
    return this.#report?.isOpen === true ? readReportPage(this.#report.number) : undefined;
  }

  /** Waits for its end. @returns its wait status; `undefined` where nobody knows */
  async untilEnd(signal?: AbortSignal): Promise<number | undefined> {
    await this.pidfd?.untilExit({ signal });
    const report = this.readReport();
    if (report?.waitStatus !== undefined) return report.waitStatus;
    // An init that waits for its workload has all signals blocked: only one of them ends it before it has noted an end.
    return report?.phase === 'waiting' ? SIGNALS.SIGKILL : this.#readStatus(signal);
  }

  // Before its parent has taken note of the end, /proc tells; afterwards, the pidfd, on newer kernels.
  async #readStatus(signal: AbortSignal | undefined): Promise<number | undefined> {
    if (this.#init === undefined) return undefined;
    // Without a pidfd it had ended before the wait, and there is nothing more to come.
    for (const ms of this.pidfd === undefined ? [0] : LOOKS_MS) {
      await delay(ms, undefined, { signal });
      const status = readZombieStatus(this.#init) ?? this.pidfd?.readWaitStatus();
      if (status !== undefined) return status;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.pidfd?.close();
    this.#report?.close();
  }
}

/** Opens a report page to read it. @returns `undefined` where there is none */
export function openReport(path: string): Fd | undefined {
  try {
    return new Fd(openSync(path, 'r'));
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}
