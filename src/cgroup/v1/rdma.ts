import type { Resources } from '../../spec/resources.js';
import type { FieldWrite, WriteRules } from '../rules.js';
import { writes as v2Writes } from '../v2/rdma.js';

/**
 * Returns the writes for `resources.rdma`: the file is that of v2.
 *
 * @throws ConfigError for a name that is none
 * @see cgroup-v1/rdma.rst
 */
export function writes(resources: Resources, rules: WriteRules): readonly FieldWrite[] {
  return v2Writes(resources, rules);
}
