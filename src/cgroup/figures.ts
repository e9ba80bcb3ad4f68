/**
 * All that the cgroups of a container count, in full: what engines and their monitors ask for.
 *
 * Numbers are bigints: "no limit" is the largest number of 63 or 64 bits, which a number cannot hold.
 *
 * @packageDocumentation
 */

import { readdirSync } from 'node:fs';
import { ifPresent, readIfPresent } from './files.js';
import {
  type DeviceCount,
  NO_LIMIT,
  parseDeviceCounts,
  parseIoCounts,
  parseNumbers,
  parseStall,
  parseUint,
} from './figures-parse.js';
import type { Stall } from './figures-parse.js';
import type { CgroupRef } from './types.js';

/** A usage with its limit. */
export interface Level {
  readonly usage?: bigint | undefined;
  /** The most there was at one time. */
  readonly max?: bigint | undefined;
  readonly limit?: bigint | undefined;
  /** How often the limit was met. */
  readonly failures?: bigint | undefined;
}

/** What {@link readFigures} returns. What this host cannot tell is absent. */
export interface Figures {
  readonly pids: { readonly current?: bigint | undefined; readonly limit?: bigint | undefined };
  /** Nanoseconds. */
  readonly cpu: {
    readonly total?: bigint | undefined;
    readonly user?: bigint | undefined;
    readonly kernel?: bigint | undefined;
    readonly perCpu?: readonly bigint[] | undefined;
    readonly periods?: bigint | undefined;
    readonly throttledPeriods?: bigint | undefined;
    readonly throttledTime?: bigint | undefined;
    readonly stall?: Stall | undefined;
  };
  readonly cpuset: { readonly cpus?: string | undefined; readonly mems?: string | undefined; readonly flags: Numbers };
  readonly memory: {
    readonly cache?: bigint | undefined;
    readonly usage: Level;
    /** Memory and swap together. */
    readonly swap: Level;
    readonly kernel: Level;
    readonly kernelTcp: Level;
    /** `memory.stat`. */
    readonly raw: Numbers;
    readonly stall?: Stall | undefined;
  };
  readonly io: Readonly<Partial<Record<IoFigure, readonly DeviceCount[]>>> & { readonly stall?: Stall | undefined };
  /** By the size of the pages: `2MB`. */
  readonly hugetlb: Readonly<Record<string, Level>>;
}

/** Counts by device. */
export type IoFigure = 'bytes' | 'operations' | 'queued' | 'serviceTime' | 'waitTime' | 'merged' | 'time' | 'sectors';

type Numbers = Readonly<Record<string, bigint>>;

/** Reads all figures of a container. @see cgroup-v2.rst "Controllers"; cgroup-v1/ */
export function readFigures(ref: CgroupRef): Figures {
  const read = readerOf(ref);
  return {
    pids: { current: read.number('pids', 'pids.current'), limit: read.number('pids', 'pids.max') },
    cpu: readCpu(read),
    cpuset: readCpuset(read),
    memory: read.isV2('memory') ? readMemoryV2(read) : readMemoryV1(read),
    io: { ...(read.isV2('io') ? readIoV2(read) : readIoV1(read)), stall: read.stall('io.pressure') },
    hugetlb: readHugetlb(read),
  };
}

/** Reads files of controllers, wherever these are. */
interface Reader {
  readonly isV2: (controller: string) => boolean;
  readonly text: (controller: string, file: string) => string | undefined;
  readonly number: (controller: string, file: string) => bigint | undefined;
  readonly stall: (file: string) => Stall | undefined;
  readonly path: (controller: string) => string | undefined;
}

function readerOf({ v2, v1 }: CgroupRef): Reader {
  const present = (readIfPresent(`${v2?.path ?? ''}/cgroup.controllers`) ?? '').trim().split(' ');
  const isV2 = (controller: string): boolean => v2 !== undefined && present.includes(controller);
  const path = (controller: string): string | undefined =>
    isV2(controller) ? v2?.path : v1.find(({ controllers }) => controllers.includes(controller))?.path;
  const text = (controller: string, file: string): string | undefined => {
    // Every v2 cgroup counts CPU time, with or without the controller.
    const at = path(controller) ?? (controller === 'cpu' ? v2?.path : undefined);
    return at === undefined ? undefined : readIfPresent(`${at}/${file}`);
  };
  return {
    isV2,
    path,
    text,
    number: (controller, file) => parseUint(text(controller, file)),
    stall: (file) => (v2 === undefined ? undefined : parseStall(readIfPresent(`${v2.path}/${file}`))),
  };
}

function readCpu(read: Reader): Figures['cpu'] {
  const stat = parseNumbers(read.text('cpu', 'cpu.stat'));
  const micro = (name: string): bigint | undefined => times1000(stat[name]);
  return {
    total: micro('usage_usec') ?? read.number('cpuacct', 'cpuacct.usage'),
    user: micro('user_usec') ?? read.number('cpuacct', 'cpuacct.usage_user'),
    kernel: micro('system_usec') ?? read.number('cpuacct', 'cpuacct.usage_sys'),
    perCpu: read
      .text('cpuacct', 'cpuacct.usage_percpu')
      ?.trim()
      .split(/\s+/)
      .flatMap((word) => parseUint(word) ?? []),
    periods: stat['nr_periods'],
    throttledPeriods: stat['nr_throttled'],
    throttledTime: stat['throttled_time'] ?? micro('throttled_usec'),
    stall: read.stall('cpu.pressure'),
  };
}

const times1000 = (value: bigint | undefined): bigint | undefined => (value === undefined ? undefined : value * 1000n);

/** v1's, under these names behind `cpuset.`. */
const CPUSET_FLAGS = [
  'cpu_exclusive',
  'mem_hardwall',
  'mem_exclusive',
  'memory_migrate',
  'memory_spread_page',
  'memory_spread_slab',
  'memory_pressure',
  'sched_load_balance',
  'sched_relax_domain_level',
];

function readCpuset(read: Reader): Figures['cpuset'] {
  const flags = CPUSET_FLAGS.flatMap((name) => {
    const text = read.isV2('cpuset') ? undefined : read.text('cpuset', `cpuset.${name}`)?.trim();
    return text !== undefined && /^-?\d+$/.test(text) ? [[name, BigInt(text)] as const] : [];
  });
  return {
    cpus: read.text('cpuset', 'cpuset.cpus')?.trim(),
    mems: read.text('cpuset', 'cpuset.mems')?.trim(),
    flags: Object.fromEntries(flags),
  };
}

function readMemoryV2(read: Reader): Figures['memory'] {
  const number = (file: string): bigint | undefined => read.number('memory', `memory.${file}`);
  const limit = (file: string): bigint | undefined =>
    read.text('memory', `memory.${file}`)?.trim() === 'max' ? NO_LIMIT : number(file);
  const raw = parseNumbers(read.text('memory', 'memory.stat'));
  const usage = { usage: number('current'), max: number('peak'), limit: limit('max') };
  const [swap, swapMax] = [number('swap.current'), limit('swap.max')];
  const isUnlimited = swapMax === NO_LIMIT || usage.limit === NO_LIMIT;
  return {
    cache: raw['file'],
    usage,
    swap: {
      usage: (usage.usage ?? 0n) + (swap ?? 0n),
      limit: isUnlimited ? NO_LIMIT : (usage.limit ?? 0n) + (swapMax ?? 0n),
    },
    kernel: {},
    kernelTcp: {},
    raw,
    stall: read.stall('memory.pressure'),
  };
}

function readMemoryV1(read: Reader): Figures['memory'] {
  const level = (kind: string): Level => ({
    usage: read.number('memory', `memory.${kind}usage_in_bytes`),
    max: read.number('memory', `memory.${kind}max_usage_in_bytes`),
    limit: read.number('memory', `memory.${kind}limit_in_bytes`),
    failures: read.number('memory', `memory.${kind}failcnt`),
  });
  const raw = parseNumbers(read.text('memory', 'memory.stat'));
  return {
    cache: raw['cache'],
    usage: level(''),
    swap: level('memsw.'),
    kernel: level('kmem.'),
    kernelTcp: level('kmem.tcp.'),
    raw,
    stall: read.stall('memory.pressure'),
  };
}

function readIoV2(read: Reader): Figures['io'] {
  const text = read.text('io', 'io.stat') ?? '';
  return {
    bytes: parseIoCounts(text, { rbytes: 'Read', wbytes: 'Write' }),
    operations: parseIoCounts(text, { rios: 'Read', wios: 'Write' }),
  };
}

/** The files behind `blkio.`, of whichever scheduler; the throttle counts without one. */
const IO_FILES: Readonly<Record<IoFigure, string>> = {
  bytes: 'io_service_bytes',
  operations: 'io_serviced',
  queued: 'io_queued',
  serviceTime: 'io_service_time',
  waitTime: 'io_wait_time',
  merged: 'io_merged',
  time: 'time',
  sectors: 'sectors',
};

function readIoV1(read: Reader): Figures['io'] {
  const counts = Object.entries(IO_FILES).map(([figure, file]) => {
    const lists = ['bfq.', '', 'throttle.'].map((scheduler) =>
      parseDeviceCounts(read.text('blkio', `blkio.${scheduler}${file}_recursive`)),
    );
    return [figure, lists.find((list) => list.length > 0) ?? []] as const;
  });
  return Object.fromEntries(counts);
}

function readHugetlb(read: Reader): Figures['hugetlb'] {
  const path = read.path('hugetlb');
  const files = path === undefined ? [] : (ifPresent(() => readdirSync(path)) ?? []);
  const isV2 = read.isV2('hugetlb');
  const suffix = isV2 ? 'current' : 'usage_in_bytes';
  const sizes = files.flatMap((file) => new RegExp(`^hugetlb\\.(\\w+)\\.${suffix}$`).exec(file)?.[1] ?? []);
  const level = (size: string): Level => ({
    usage: read.number('hugetlb', `hugetlb.${size}.${suffix}`),
    max: read.number('hugetlb', `hugetlb.${size}.max_usage_in_bytes`),
    failures: isV2
      ? parseNumbers(read.text('hugetlb', `hugetlb.${size}.events`))['max']
      : read.number('hugetlb', `hugetlb.${size}.failcnt`),
  });
  return Object.fromEntries(sizes.sort().map((size) => [size, level(size)]));
}
