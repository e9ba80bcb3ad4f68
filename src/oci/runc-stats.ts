/**
 * What `events --stats` prints: the figures of a container, in the form that runc has given them. A 0 that runc leaves out is
 * left out here.
 *
 * @see opencontainers/runc types/events.go
 * @packageDocumentation
 */

import type { DeviceCount, Figures, Level, Stall } from '../container/figures.js';

/** A JSON value that may hold numbers of 64 bits. */
type Json = bigint | number | string | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Returns the line of a `stats` event, without its end. */
export function formatStatsEvent(id: string, figures: Figures): string {
  return stringify({ type: 'stats', id, data: toData(figures) });
}

/** Returns the line of an event that has no data, such as `oom`, without its end. */
export function formatEvent(type: string, id: string): string {
  return stringify({ type, id });
}

function toData({ cpu, cpuset, memory, pids, io, hugetlb }: Figures): Json {
  return {
    cpu: toCpu(cpu),
    cpuset: toCpuset(cpuset),
    memory: {
      cache: unlessZero(memory.cache),
      usage: toEntry(memory.usage),
      swap: toEntry(memory.swap),
      kernel: toEntry(memory.kernel),
      kernelTCP: toEntry(memory.kernelTcp),
      raw: Object.keys(memory.raw).length === 0 ? undefined : sortKeys(memory.raw),
      psi: toPsi(memory.stall),
    },
    pids: { current: unlessZero(pids.current), limit: unlessZero(pids.limit) },
    blkio: toBlkio(io),
    hugetlb: Object.fromEntries(
      Object.entries(hugetlb).map(([size, { usage, max, failures }]) => [
        size,
        { usage: unlessZero(usage), max: unlessZero(max), failcnt: failures ?? 0n },
      ]),
    ),
    intel_rdt: {},
    // runc tells of the interfaces that it has made itself: of none.
    network_interfaces: null,
  };
}

function toCpu(cpu: Figures['cpu']): Json {
  return {
    usage: {
      total: unlessZero(cpu.total),
      percpu: unlessEmpty(cpu.perCpu),
      kernel: cpu.kernel ?? 0n,
      user: cpu.user ?? 0n,
    },
    throttling: {
      periods: unlessZero(cpu.periods),
      throttledPeriods: unlessZero(cpu.throttledPeriods),
      throttledTime: unlessZero(cpu.throttledTime),
    },
    psi: toPsi(cpu.stall),
  };
}

function toCpuset({ cpus, mems, flags }: Figures['cpuset']): Json {
  const flag = (name: string): Json => flags[name] ?? 0n;
  return {
    cpus: unlessEmpty(expandList(cpus)),
    cpu_exclusive: flag('cpu_exclusive'),
    mems: unlessEmpty(expandList(mems)),
    mem_hardwall: flag('mem_hardwall'),
    mem_exclusive: flag('mem_exclusive'),
    memory_migrate: flag('memory_migrate'),
    memory_spread_page: flag('memory_spread_page'),
    memory_spread_slab: flag('memory_spread_slab'),
    memory_pressure: flag('memory_pressure'),
    sched_load_balance: flag('sched_load_balance'),
    sched_relax_domain_level: flag('sched_relax_domain_level'),
  };
}

/** Returns the numbers of a list such as `0-3,7`. */
function expandList(list = ''): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) return [];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
}

function toEntry({ usage, max, limit, failures }: Level): Json {
  return { limit: limit ?? 0n, usage: unlessZero(usage), max: unlessZero(max), failcnt: failures ?? 0n };
}

function toBlkio(io: Figures['io']): Json {
  const list = (counts: readonly DeviceCount[] = []): Json | undefined =>
    unlessEmpty(
      counts.map(({ major, minor, operation, value }) => ({
        major: unlessZero(major),
        minor: unlessZero(minor),
        op: operation,
        value: unlessZero(value),
      })),
    );
  return {
    ioServiceBytesRecursive: list(io.bytes),
    ioServicedRecursive: list(io.operations),
    ioQueueRecursive: list(io.queued),
    ioServiceTimeRecursive: list(io.serviceTime),
    ioWaitTimeRecursive: list(io.waitTime),
    ioMergedRecursive: list(io.merged),
    ioTimeRecursive: list(io.time),
    sectorsRecursive: list(io.sectors),
    psi: toPsi(io.stall),
  };
}

const NO_STALL = { avg10: 0, avg60: 0, avg300: 0, total: 0n };

function toPsi(stall: Stall | undefined): Json | undefined {
  return stall === undefined ? undefined : { some: { ...stall.some }, full: { ...(stall.full ?? NO_STALL) } };
}

const unlessZero = (value: bigint | undefined): bigint | undefined => (value === 0n ? undefined : value);

function unlessEmpty(list: readonly Json[] | undefined): Json | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

// As Go writes maps.
function sortKeys(values: Readonly<Record<string, bigint>>): Json {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Stands before and after the digits of a bigint, which JSON.stringify cannot write as a number: no text holds it. */
const MARK = '\u0000';

function stringify(value: Json): string {
  const mark = (_key: string, one: unknown): unknown => (typeof one === 'bigint' ? `${MARK}${one}${MARK}` : one);
  return JSON.stringify(value, mark).replace(/"\\u0000(-?\d+)\\u0000"/g, '$1');
}
