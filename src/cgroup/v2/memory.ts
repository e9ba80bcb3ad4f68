import type { CgroupWrite } from '../../plan/types.js';
import type { Resources } from '../../spec/types.js';
import { parseFlatKeyed } from '../parse.js';

/**
 * Returns the writes for `resources.memory`. A limit without a word on swap forbids swap: otherwise the container only
 * becomes slow where it should have been stopped.
 *
 * @param host - whether the host has swap; without it, a kernel that cannot limit swap is no obstacle
 * @see cgroup-v2.rst "Memory"; opencontainers/cgroups ConvertMemorySwapToCgroupV2Value
 */
export function writes({ memory }: Resources, host: { readonly hasSwap: boolean }): readonly CgroupWrite[] {
  if (memory === undefined) return [];
  const { limit, reservation } = memory;
  const swap = swapMax(memory);
  return [
    ...(reservation === undefined ? [] : [{ file: 'memory.low', value: formatLimit(reservation) }]),
    ...(limit === undefined ? [] : [{ file: 'memory.max', value: formatLimit(limit) }]),
    ...(swap === undefined ? [] : [swapWrite(swap, host.hasSwap)]),
    // The container dies as a whole: half of one, with its database gone, is worse than none. Linux 4.19.
    ...(limit === undefined || limit < 0 ? [] : [{ file: 'memory.oom.group', value: '1', ifAbsent: 'skip' } as const]),
  ];
}

/** Returns swap alone, in bytes, from the OCI's sum of memory and swap; `undefined` leaves the file as it is. */
export function swapMax({ limit, swap }: NonNullable<Resources['memory']>): string | undefined {
  if (swap === undefined || swap === 0) return limit === undefined || limit < 0 ? undefined : '0';
  if (swap < 0) return 'max';
  return String(limit === undefined || limit < 0 ? swap : Math.max(0, swap - limit));
}

function swapWrite(value: string, hasSwap: boolean): CgroupWrite {
  const write = { file: 'memory.swap.max', value };
  return hasSwap && value !== 'max' ? write : { ...write, ifAbsent: 'skip' };
}

const formatLimit = (bytes: number): string => (bytes < 0 ? 'max' : String(bytes));

/** How often the limit was met. */
export interface MemoryEvents {
  /** Processes that the kernel's out-of-memory killer took. */
  readonly oomKills: number;
  /** How often the limit was met with nothing left to reclaim. */
  readonly oom: number;
  /** How often usage was about to pass `memory.max`. */
  readonly max: number;
}

/** Returns the counts of `memory.events`; a count that the kernel does not know is 0. */
export function parseEvents(text: string): MemoryEvents {
  const counts = parseFlatKeyed(text);
  return { oomKills: counts.get('oom_kill') ?? 0, oom: counts.get('oom') ?? 0, max: counts.get('max') ?? 0 };
}
