import type { Resources } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';

/**
 * Returns the write for `resources.pids`. 0 is a limit like any other: no further process.
 *
 * @see cgroup-v2.rst "PID"; cgroup-v1/pids.rst: the file is the same
 */
export function writes({ pids }: Resources): readonly FieldWrite[] {
  if (pids === undefined) return [];
  return [{ field: 'pids/limit', file: 'pids.max', value: pids.limit < 0 ? 'max' : String(pids.limit) }];
}
