import { defined } from '../util/defined.js';
import { readIfPresent } from './files.js';
import { parseSingle } from './parse.js';
import type { CgroupRef } from './types.js';
import { parseThrottles } from './v1/blkio.js';
import { parseQuota } from './v1/cpu.js';
import { parseMax as parseCpuMax } from './v2/cpu.js';
import { type IoLimit, parseMax as parseIoMax, parseWeight } from './v2/io.js';

/** The limits that the kernel holds a container to. Absent: there is none, or this host cannot tell. */
export interface Limits {
  readonly memoryMaxBytes?: number | undefined;
  /** Swap alone. */
  readonly swapMaxBytes?: number | undefined;
  /** What is above it is reclaimed first: `memory.low`, or v1's soft limit. */
  readonly memoryReservationBytes?: number | undefined;
  /** CPUs' worth of time. */
  readonly cpus?: number | undefined;
  /** Weight against siblings on cgroup v2, 1–10,000. */
  readonly cpuWeight?: number | undefined;
  /** Weight against siblings on cgroup v1, 2–262,144. */
  readonly cpuShares?: number | undefined;
  /** A list such as `0-3,7`. */
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  /** Processes and threads. */
  readonly pidsMax?: number | undefined;
  /** Weight against siblings, as the I/O scheduler of this host counts. */
  readonly ioWeight?: number | undefined;
  /** Devices with limits. */
  readonly io?: readonly IoLimit[] | undefined;
}

/** Reads the limits in force. @see cgroup-v2.rst "Controllers"; cgroup-v1/memory.rst; Documentation/scheduler/sched-bwc.rst */
export function readLimits(ref: CgroupRef): Limits {
  return defined({ ...readMemory(ref), ...readCpu(ref), pidsMax: readPidsMax(ref), ...readIo(ref) });
}

/** Returns the limit of memory in bytes; `undefined` when there is none. */
export function readMemoryMax(ref: CgroupRef): number | undefined {
  return parseSingle(v2(ref, 'memory', 'memory.max')) ?? readBytesV1(ref, 'memory.limit_in_bytes');
}

/** Returns the limit of processes and threads; `undefined` when there is none. */
export function readPidsMax(ref: CgroupRef): number | undefined {
  return parseSingle(v2(ref, 'pids', 'pids.max') || v1(ref, 'pids', 'pids.max'));
}

function readMemory(ref: CgroupRef): Limits {
  return {
    memoryMaxBytes: readMemoryMax(ref),
    swapMaxBytes: parseSingle(v2(ref, 'memory', 'memory.swap.max')) ?? readSwapMaxV1(ref),
    memoryReservationBytes:
      positive(parseSingle(v2(ref, 'memory', 'memory.low'))) ?? readBytesV1(ref, 'memory.soft_limit_in_bytes'),
  };
}

// v1 limits memory and swap together.
function readSwapMaxV1(ref: CgroupRef): number | undefined {
  const together = readBytesV1(ref, 'memory.memsw.limit_in_bytes');
  const memory = readBytesV1(ref, 'memory.limit_in_bytes');
  return together === undefined || memory === undefined ? undefined : Math.max(0, together - memory);
}

/** Where v1 means "no limit": the largest number of whole pages in 63 bits. */
const V1_UNLIMITED = 2 ** 62;

function readBytesV1(ref: CgroupRef, file: string): number | undefined {
  const bytes = parseSingle(v1(ref, 'memory', file));
  return bytes !== undefined && bytes < V1_UNLIMITED ? bytes : undefined;
}

function readCpu(ref: CgroupRef): Limits {
  const list = (file: string): string | undefined =>
    (v2(ref, 'cpuset', file) || v1(ref, 'cpuset', file)).trim() || undefined;
  return {
    cpus:
      parseCpuMax(v2(ref, 'cpu', 'cpu.max')) ??
      parseQuota(v1(ref, 'cpu', 'cpu.cfs_quota_us'), v1(ref, 'cpu', 'cpu.cfs_period_us')),
    cpuWeight: parseSingle(v2(ref, 'cpu', 'cpu.weight')),
    cpuShares: parseSingle(v1(ref, 'cpu', 'cpu.shares')),
    cpusetCpus: list('cpuset.cpus'),
    cpusetMems: list('cpuset.mems'),
  };
}

function readIo(ref: CgroupRef): Limits {
  const weight = ['io.bfq.weight', 'io.weight'].map((file) => v2(ref, 'io', file));
  const weightV1 = ['blkio.bfq.weight', 'blkio.weight'].map((file) => v1(ref, 'blkio', file));
  const io = [
    ...parseIoMax(v2(ref, 'io', 'io.max')),
    ...parseThrottles((file) => v1(ref, 'blkio', `blkio.throttle.${file}`)),
  ];
  return {
    ioWeight: [...weight, ...weightV1].map(parseWeight).find((number) => number !== undefined),
    io: io.length === 0 ? undefined : io,
  };
}

function positive(number: number | undefined): number | undefined {
  return number === 0 ? undefined : number;
}

/** The text of a file of the v2 cgroup; empty where the container has no such controller there. */
function v2({ v2 }: CgroupRef, controller: string, file: string): string {
  return v2?.controllers.includes(controller) ? (readIfPresent(`${v2.path}/${file}`) ?? '') : '';
}

function v1({ v1 }: CgroupRef, controller: string, file: string): string {
  const directory = v1.find(({ controllers }) => controllers.includes(controller));
  return directory === undefined ? '' : (readIfPresent(`${directory.path}/${file}`) ?? '');
}
