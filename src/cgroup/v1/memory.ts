import type { CgroupWrite } from '../../plan/types.js';
import type { Resources } from '../../spec/types.js';
import { parseFlatKeyed } from '../parse.js';

/**
 * Returns the writes for `resources.memory`. The order is the kernel's: memory and swap together may never be less than
 * memory alone, so memory goes first.
 *
 * @param host - whether the host has swap; without it, a kernel without swap accounting is no obstacle
 * @see cgroup-v1/memory.rst "memsw"
 */
export function writes({ memory }: Resources, host: { readonly hasSwap: boolean }): readonly CgroupWrite[] {
  if (memory === undefined) return [];
  const { limit, reservation } = memory;
  const swap = memswLimit(memory);
  return [
    ...(reservation === undefined ? [] : [{ file: 'memory.soft_limit_in_bytes', value: String(reservation) }]),
    ...(limit === undefined ? [] : [{ file: 'memory.limit_in_bytes', value: String(limit) }]),
    ...(swap === undefined ? [] : [swapWrite(swap, host.hasSwap)]),
  ];
}

function memswLimit({ limit, swap }: NonNullable<Resources['memory']>): number | undefined {
  if (swap === undefined || swap === 0) return limit === undefined || limit < 0 ? undefined : limit;
  return Math.max(swap, -1);
}

function swapWrite(bytes: number, hasSwap: boolean): CgroupWrite {
  const write = { file: 'memory.memsw.limit_in_bytes', value: String(bytes) };
  return hasSwap && bytes >= 0 ? write : { ...write, ifAbsent: 'skip' };
}

/** Returns how many processes the out-of-memory killer took, from `memory.oom_control`; `undefined` before Linux 4.13. */
export function parseOomControl(text: string): number | undefined {
  return parseFlatKeyed(text).get('oom_kill');
}
