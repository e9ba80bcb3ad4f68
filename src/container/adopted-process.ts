import { untilScopeGone } from '../cgroup/systemd/scope-end.js';
import type { CgroupRef } from '../cgroup/types.js';
import { isContainerError } from '../errors/container-error.js';
import type { Report } from '../native/report-page.js';
import type { Keeper } from './keeper.js';
import type { MainProcess } from './main-process.js';
import { type MainExit, parseWaitStatus } from './result.js';
import { readSignal } from './signalling.js';
import type { Traces } from './traces.js';

/** The first process of a container that somebody else has started, who is dead. It may have ended itself. */
export class AdoptedProcess implements MainProcess {
  readonly pid: number;
  readonly exit: Promise<MainExit | undefined>;
  readonly #traces: Traces;
  readonly #keeper: Keeper | undefined;

  /**
   * @param traces - belong to this object from here on
   * @param known - how it ended, where that was noted
   * @param keeper - what keeps the scope that the container is in
   */
  constructor(
    pid: number,
    traces: Traces,
    { known, keeper }: { known?: MainExit | undefined; keeper?: Keeper | undefined },
  ) {
    this.pid = pid;
    this.#traces = traces;
    this.#keeper = keeper;
    this.exit = traces.untilEnd().then((status) => (status === undefined ? known : parseWaitStatus(status)));
  }

  get hasEnded(): boolean {
    const { pidfd } = this.#traces;
    return pidfd === undefined || pidfd.fd < 0 || pidfd.hasEnded;
  }

  readonly signal = (signal: string | number): boolean => {
    const number = readSignal(signal);
    if (this.hasEnded) return false;
    try {
      this.#traces.pidfd?.signal(number);
      return true;
    } catch (error) {
      if (isContainerError(error) && error.code === 'ESRCH') return false;
      throw error;
    }
  };

  readonly readReport = (): Report | undefined => this.#traces.readReport();

  readonly release = async (cgroup: CgroupRef): Promise<void> => {
    this.#traces[Symbol.dispose]();
    await this.#keeper?.end();
    await untilScopeGone(cgroup);
  };
}
