import type { Resources } from '../../spec/resources.js';
import { type FieldWrite, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.hugepageLimits`: the pages that are in use, and those that are reserved, where the kernel
 * counts these (5.7).
 *
 * @throws ConfigError for a size that is none
 * @see cgroup-v2.rst "HugeTLB"
 */
export function writes(resources: Resources, rules: WriteRules): readonly FieldWrite[] {
  return listLimits(resources, rules, ['max', 'rsvd.max']);
}

/**
 * The same for any two files.
 *
 * @param files - that of the pages in use and that of those reserved, without `hugetlb.SIZE.`
 */
export function listLimits(
  { hugepageLimits = [] }: Resources,
  rules: WriteRules,
  [used, reserved]: readonly [string, string],
): readonly FieldWrite[] {
  return hugepageLimits.flatMap(({ pageSize, limit }, index): readonly FieldWrite[] => {
    const field = `hugepageLimits/${index}`;
    const isAsked = !/^[1-9]\d*[KMG]B$/.test(pageSize);
    refuse(rules, [{ field: `${field}/pageSize`, value: pageSize, isAsked, expected: 'a size such as 2MB' }]);
    const file = `hugetlb.${pageSize}`;
    const value = String(limit);
    return [
      { field, file: `${file}.${used}`, value },
      { field, file: `${file}.${reserved}`, value, ifAbsent: 'skip' },
    ];
  });
}
