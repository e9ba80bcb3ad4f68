import type { Resources } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';
import { writes as v2Writes } from '../v2/pids.js';

/**
 * Returns the write for `resources.pids`: the file is that of v2.
 *
 * @see cgroup-v1/pids.rst
 */
export function writes(resources: Resources): readonly FieldWrite[] {
  return v2Writes(resources);
}
