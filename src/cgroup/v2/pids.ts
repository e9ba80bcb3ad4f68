import type { CgroupWrite } from '../../plan/types.js';
import type { Resources } from '../../spec/types.js';

/**
 * Returns the write for `resources.pids`. 0 is a limit like any other: no further process.
 *
 * @see cgroup-v2.rst "PID"; cgroup-v1/pids.rst: the file is the same
 */
export function writes({ pids }: Resources): readonly CgroupWrite[] {
  if (pids === undefined) return [];
  return [{ file: 'pids.max', value: pids.limit < 0 ? 'max' : String(pids.limit) }];
}
