import { Pidfd } from '../native/pidfd.js';
import { SIGNALS } from '../util/signals.js';
import { readIfPresent, tryWrite } from './files.js';
import { thawTree } from './freeze.js';
import { listProcessesBelow } from './processes.js';
import type { CgroupRef } from './types.js';

/** How often a v1 cgroup is looked at until it stands still; each look takes 0.1 ms or so. */
const LOOKS = 100;

/**
 * Kills every process of a container that this process has made and still holds, without waiting for anything: for the moment
 * in which this process ends. What fails is left for `prune`.
 *
 * @see cgroup-v2.rst "cgroup.kill"; cgroup-v1/freezer-subsystem.rst
 */
export function killNow({ v2, v1 }: CgroupRef): void {
  if (v2 !== undefined) {
    tryWrite(`${v2.path}/cgroup.kill`, '1');
    return;
  }
  const freezer = v1.find(({ controllers }) => controllers.includes('freezer'));
  if (freezer !== undefined) killFrozen(freezer.path);
}

// Frozen, they can neither fork nor leave their pids to strangers. A process in an uninterruptible call does not freeze, and
// does not end either.
function killFrozen(path: string): void {
  try {
    for (let look = 0; look < LOOKS; look++) {
      tryWrite(`${path}/freezer.state`, 'FROZEN');
      if (readIfPresent(`${path}/freezer.state`)?.trim() !== 'FREEZING') break;
    }
    for (const pid of listProcessesBelow(path)) tryKill(pid);
  } finally {
    thawTree(path);
  }
}

function tryKill(pid: number): void {
  try {
    using pidfd = Pidfd.open(pid);
    pidfd.signal(SIGNALS.SIGKILL);
  } catch {
    // It has ended, or may not be killed by this user.
  }
}
