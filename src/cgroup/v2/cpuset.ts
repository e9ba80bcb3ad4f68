import type { CgroupWrite } from '../../plan/types.js';
import type { Resources } from '../../spec/types.js';

/**
 * Returns the writes for `resources.cpu.cpus` and `mems`.
 *
 * @see cgroup-v2.rst "Cpuset"; cgroup-v1/cpusets.rst: the files are the same
 */
export function writes({ cpu }: Resources): readonly CgroupWrite[] {
  return [
    ...(cpu?.cpus ? [{ file: 'cpuset.cpus', value: cpu.cpus }] : []),
    ...(cpu?.mems ? [{ file: 'cpuset.mems', value: cpu.mems }] : []),
  ];
}
