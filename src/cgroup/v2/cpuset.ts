import type { Resources } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';

/**
 * Returns the writes for `resources.cpu.cpus` and `mems`.
 *
 * @see cgroup-v2.rst "Cpuset"; cgroup-v1/cpusets.rst: the files are the same
 */
export function writes({ cpu }: Resources): readonly FieldWrite[] {
  return [
    ...(cpu?.cpus ? [{ field: 'cpu/cpus', file: 'cpuset.cpus', value: cpu.cpus }] : []),
    ...(cpu?.mems ? [{ field: 'cpu/mems', file: 'cpuset.mems', value: cpu.mems }] : []),
  ];
}
