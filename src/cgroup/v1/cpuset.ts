import type { Resources } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';
import { writes as v2Writes } from '../v2/cpuset.js';

/**
 * What must be filled before a process can join, and starts empty: each new directory copies it from its parent.
 *
 * @see cgroup-v1/cpusets.rst, and `cgroup.clone_children` there
 */
export const INHERIT: readonly string[] = ['cpuset.cpus', 'cpuset.mems'];

/**
 * Returns the writes for `resources.cpu.cpus` and `mems`: the files are those of v2.
 *
 * @see cgroup-v1/cpusets.rst
 */
export function writes(resources: Resources): readonly FieldWrite[] {
  return v2Writes(resources);
}
