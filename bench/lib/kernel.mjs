// What the kernel keeps.
import { readFileSync } from 'node:fs';

/**
 * Counts the cgroups below one. The kernel keeps a removed one until the last page that was charged to it is gone.
 *
 * @see cgroup-v2.rst, cgroup.stat
 */
export function readDescendants(cgroup) {
  try {
    const text = readFileSync(`${cgroup}/cgroup.stat`, 'utf8');
    const field = (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)[1]);
    return { living: field('nr_descendants'), dying: field('nr_dying_descendants') };
  } catch (error) {
    if (error.code === 'ENOENT') return { living: 0, dying: 0 }; // corral has removed it, because nobody was in it
    throw error;
  }
}

/** What it holds for itself and cannot drop. Shown, not judged: all of the machine takes part. */
export function readKernelMb() {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return Number(/^SUnreclaim:\s+(\d+)/m.exec(text)[1]) / 1024;
}
