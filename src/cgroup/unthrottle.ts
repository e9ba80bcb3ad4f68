import { dirname } from 'node:path/posix';
import { readIfPresent, tryWrite } from './files.js';
import type { CgroupRef } from './types.js';

/**
 * Lifts a container's CPU quota, so that it dies at once: a killed process needs CPU time to exit, and with 1 % of a CPU
 * that takes a second. What fails is left as it is: the container then dies slowly.
 *
 * @see cgroup-v2.rst `cpu.max`; Documentation/scheduler/sched-bwc.rst
 */
export function unthrottle({ v2, v1, scope }: CgroupRef): void {
  if (v2?.controllers.includes('cpu') && readIfPresent(`${v2.path}/cpu.max`)?.startsWith('max') === false)
    tryWrite(`${v2.path}/cpu.max`, 'max');
  // What systemd was told holds for the scope around it.
  const around = scope && v2 ? `${dirname(v2.path)}/cpu.max` : undefined;
  if (around !== undefined && readIfPresent(around)?.startsWith('max') === false) tryWrite(around, 'max');
  const directory = v1.find(({ controllers }) => controllers.includes('cpu'));
  if (directory) tryWrite(`${directory.path}/cpu.cfs_quota_us`, '-1');
}
