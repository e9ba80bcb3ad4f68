import type { MemoryResources, Resources } from '../../spec/resources.js';
import { parseFlatKeyed } from '../parse.js';
import { type FieldWrite, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.memory`. The order is the kernel's: memory and swap together may never be less than
 * memory alone, so memory goes first.
 *
 * @throws ConfigError for a swappiness that there is not
 * @see cgroup-v1/memory.rst "memsw"
 */
export function writes({ memory }: Resources, rules: WriteRules): readonly FieldWrite[] {
  if (memory === undefined) return [];
  const { limit, reservation, kernel, kernelTCP, swappiness, disableOOMKiller } = memory;
  const isAsked = (swappiness ?? 0) > 100;
  refuse(rules, [{ field: 'memory/swappiness', value: swappiness, isAsked, expected: '0–100' }]);
  const swap = memswLimit(memory, rules);
  return [
    ...bytes('reservation', 'memory.soft_limit_in_bytes', reservation),
    ...bytes('limit', 'memory.limit_in_bytes', limit),
    ...(swap === undefined ? [] : [swapWrite(swap, rules.hasSwap)]),
    ...bytes('kernel', 'memory.kmem.limit_in_bytes', kernel),
    ...bytes('kernelTCP', 'memory.kmem.tcp.limit_in_bytes', kernelTCP),
    ...bytes('swappiness', 'memory.swappiness', swappiness),
    ...(disableOOMKiller === true
      ? [{ field: 'memory/disableOOMKiller', file: 'memory.oom_control', value: '1' }]
      : []),
  ];
}

function bytes(name: string, file: string, value: number | undefined): readonly FieldWrite[] {
  return value === undefined ? [] : [{ field: `memory/${name}`, file, value: String(value) }];
}

function memswLimit({ limit, swap }: MemoryResources, { engine }: WriteRules): number | undefined {
  if (swap !== undefined && swap !== 0) return Math.max(swap, -1);
  if (limit === undefined) return undefined;
  // All the memory there is means all the swap as well, for engines; for corral, a limit without a word on swap forbids it.
  if (engine !== undefined) return limit < 0 ? -1 : undefined;
  return limit < 0 ? undefined : limit;
}

function swapWrite(bytes: number, hasSwap: boolean): FieldWrite {
  const write = { field: 'memory/swap', file: 'memory.memsw.limit_in_bytes', value: String(bytes) };
  return hasSwap && bytes >= 0 ? write : { ...write, ifAbsent: 'skip' };
}

/** Returns how many processes the out-of-memory killer took, from `memory.oom_control`; `undefined` before Linux 4.13. */
export function parseOomControl(text: string): number | undefined {
  return parseFlatKeyed(text).get('oom_kill');
}
