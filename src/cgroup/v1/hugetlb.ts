import type { Resources } from '../../spec/resources.js';
import type { FieldWrite, WriteRules } from '../rules.js';
import { listLimits } from '../v2/hugetlb.js';

/**
 * Returns the writes for `resources.hugepageLimits`.
 *
 * @throws ConfigError for a size that is none
 * @see cgroup-v1/hugetlb.rst
 */
export function writes(resources: Resources, rules: WriteRules): readonly FieldWrite[] {
  return listLimits(resources, rules, ['limit_in_bytes', 'rsvd.limit_in_bytes']);
}
