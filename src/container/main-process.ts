import { closeSync } from 'node:fs';
import type { CgroupRef } from '../cgroup/types.js';
import { type Report, readReportPage } from '../native/report-page.js';
import { leaveScope } from './keeper.js';
import { type LaunchedProcess, sendSignal } from './launch.js';
import { type MainExit, mainExit } from './result.js';

/** A container's first process, as the owner of the container sees it. */
export interface MainProcess {
  /** In this process's pid namespace. */
  readonly pid: number;
  /** How it ended, once it has; `undefined` where nobody can tell. */
  readonly exit: Promise<MainExit | undefined>;
  readonly hasEnded: boolean;
  /** Sends it a signal, by name or number. @returns `false` when it has ended @throws OptionError */
  readonly signal: (signal: string | number) => boolean;
  /** Returns what is in its report page; `undefined` where there is none. */
  readonly readReport: () => Report | undefined;
  /** Lets go of all that this process holds of it, once nothing of the container is left. */
  readonly release: (cgroup: CgroupRef) => Promise<void>;
}

/** One that this process has started: its child. */
export class ChildProcess implements MainProcess {
  readonly pid: number;
  readonly exit: Promise<MainExit>;
  readonly #process: LaunchedProcess;

  /** @param process - belongs to this object from here on */
  constructor(process: LaunchedProcess) {
    this.#process = process;
    this.pid = process.pid;
    this.exit = process.pidfd.wait().then((waited) => mainExit(process.reportFd, waited));
  }

  get hasEnded(): boolean {
    return this.#process.pidfd.poll() !== undefined;
  }

  readonly signal = (signal: string | number): boolean => sendSignal(this.#process.pidfd, signal);

  readonly readReport = (): Report => readReportPage(this.#process.reportFd);

  readonly release = async (cgroup: CgroupRef): Promise<void> => {
    const { pidfd, reportFd, keeper } = this.#process;
    pidfd.close();
    closeSync(reportFd);
    if (keeper !== undefined) await leaveScope(keeper, cgroup);
  };
}
