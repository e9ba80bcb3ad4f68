import { constants, openSync, readlinkSync } from 'node:fs';
import { addon } from '../../native/addon.js';
import { call } from '../../native/call.js';
import { Fd } from '../../native/fd.js';
import type { PidNamespace } from './scope.js';
import type { HeldProcess } from './held-process.js';

/** Tells what processes are called in one pid namespace; for one request, since namespaces come and go. */
export class PidEyes {
  readonly #of: PidNamespace;
  /** By the name of a namespace: whether it is the one looked from, or below that. */
  readonly #isBelow = new Map<string, boolean>();

  constructor(of: PidNamespace) {
    this.#of = of;
  }

  /**
   * Returns what a process is called there.
   *
   * @returns `undefined` where it is not to be seen there
   * @throws RefusedError ESRCH where it has ended
   * @see pid_namespaces(7): a process is seen in its own namespace and in all above that
   */
  pidOf(held: HeldProcess): number | undefined {
    const { depth } = this.#of;
    const { nsPids } = held.status();
    const pid = nsPids[depth - 1];
    if (pid === undefined) return undefined;
    const name = held.namespace('pid');
    if (name === undefined) return undefined;
    const known = this.#isBelow.get(name);
    if (known !== undefined) return known ? pid : undefined;
    const isBelow = held.look((directory) => this.#leadsUp(`${directory}/ns/pid`, nsPids.length - depth));
    this.#isBelow.set(name, isBelow);
    return isBelow ? pid : undefined;
  }

  // Each namespace tells the one above it: ioctl_nsfs(2), NS_GET_PARENT.
  #leadsUp(path: string, levels: number): boolean {
    let at = new Fd(openSync(path, constants.O_RDONLY));
    try {
      for (let level = 0; level < levels; level++) {
        const above = call('read parent of pid namespace', () => addon.namespaceParent({ fd: at.number }));
        if (above === null) return false;
        at.close();
        at = new Fd(above);
      }
      return readlinkSync(`/proc/self/fd/${String(at.number)}`) === this.#of.name;
    } finally {
      at.close();
    }
  }
}
