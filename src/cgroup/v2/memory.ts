import { ConfigError } from '../../errors/config-error.js';
import type { MemoryResources, Resources } from '../../spec/resources.js';
import { parseFlatKeyed } from '../parse.js';
import { type FieldWrite, ON_V2, pointerTo, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.memory`. A limit of `corral run` without a word on swap forbids swap: otherwise the
 * container only becomes slow where it should have been stopped.
 *
 * @throws ConfigError for what an engine asks and v2 has nothing for
 * @see cgroup-v2.rst "Memory"; opencontainers/cgroups ConvertMemorySwapToCgroupV2Value
 */
export function writes({ memory }: Resources, rules: WriteRules): readonly FieldWrite[] {
  if (memory === undefined) return [];
  if (rules.engine !== undefined) check(memory, rules);
  const { limit, reservation } = memory;
  const swap = swapMax(memory, rules);
  // The container dies as a whole: half of one, with its database gone, is worse than none. Linux 4.19.
  const isWhole = rules.engine === undefined && limit !== undefined && limit >= 0;
  return [
    ...(reservation === undefined
      ? []
      : [{ field: 'memory/reservation', file: 'memory.low', value: formatLimit(reservation) }]),
    ...(limit === undefined ? [] : [{ field: 'memory/limit', file: 'memory.max', value: formatLimit(limit) }]),
    ...(swap === undefined ? [] : [swapWrite(swap, rules.hasSwap)]),
    ...(isWhole ? [{ field: 'memory/limit', file: 'memory.oom.group', value: '1', ifAbsent: 'skip' } as const] : []),
  ];
}

function check(memory: MemoryResources, rules: WriteRules): void {
  const { kernel, kernelTCP, swappiness, disableOOMKiller } = memory;
  const v1Only = { kernel, kernelTCP, swappiness, disableOOMKiller };
  refuse(rules, [
    ...Object.entries(v1Only).map(([name, value]) => ({
      field: `memory/${name}`,
      value,
      isAsked: value !== undefined,
      expected: ON_V2,
    })),
    ...(['limit', 'swap', 'reservation'] as const).map((name) => ({
      field: `memory/${name}`,
      value: memory[name],
      isAsked: (memory[name] ?? 0) < -1,
      expected: 'a number of bytes, or -1 for no limit',
    })),
  ]);
}

/**
 * Returns swap alone, in bytes, from the OCI's sum of memory and swap; `undefined` leaves the file as it is.
 *
 * @throws ConfigError where an engine gives a sum that is less than the memory in it, or no memory to take away from it
 */
export function swapMax(memory: MemoryResources, rules: Pick<WriteRules, 'engine'> = {}): string | undefined {
  const { limit, swap } = memory;
  if (rules.engine !== undefined) return swapOfEngine(memory, rules);
  if (swap === undefined || swap === 0) return limit === undefined || limit < 0 ? undefined : '0';
  if (swap < 0) return 'max';
  return String(limit === undefined || limit < 0 ? swap : Math.max(0, swap - limit));
}

function swapOfEngine({ limit, swap }: MemoryResources, rules: Pick<WriteRules, 'engine'>): string | undefined {
  if (swap === undefined) return limit === -1 ? 'max' : undefined;
  if (swap < 0) return 'max';
  if (limit !== undefined && limit < 0) return String(swap);
  const pointer = pointerTo('memory/swap', rules);
  if (limit === undefined)
    throw new ConfigError(pointer, swap, 'possible without a limit of memory, which it includes');
  if (swap < limit) throw new ConfigError(pointer, swap, `at least the limit of memory, ${limit}, which it includes`);
  return String(swap - limit);
}

function swapWrite(value: string, hasSwap: boolean): FieldWrite {
  const write = { field: 'memory/swap', file: 'memory.swap.max', value };
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
