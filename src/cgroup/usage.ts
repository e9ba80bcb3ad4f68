import { basename } from 'node:path/posix';
import { defined } from '../util/defined.js';
import { listChildren, readIfPresent } from './files.js';
import { parsePressure, parseSingle, type Pressure } from './parse.js';
import type { CgroupRef, V1Ref, V2Ref } from './types.js';
import { parseServiced } from './v1/blkio.js';
import { parseThrottled, parseUsage } from './v1/cpu.js';
import { parseOomControl } from './v1/memory.js';
import { parseStat as parseCpuStat } from './v2/cpu.js';
import { type IoStat, parseStat as parseIoStat } from './v2/io.js';
import { type MemoryEvents, parseEvents } from './v2/memory.js';

/** What a container has used in its life. What this host cannot tell is absent, never 0. */
export interface Usage {
  readonly cpuMs?: number | undefined;
  readonly cpuUserMs?: number | undefined;
  readonly cpuSystemMs?: number | undefined;
  /** Time in which it had to wait because its CPU quota was used up. */
  readonly cpuThrottledMs?: number | undefined;
  readonly memoryPeakBytes?: number | undefined;
  readonly pidsPeak?: number | undefined;
  /** The kernel's out-of-memory killer took one of its processes. */
  readonly oomKilled?: boolean | undefined;
  /** How many it took. */
  readonly oomKills?: number | undefined;
  readonly io?: IoStat | undefined;
}

/**
 * Reads what a container has used; before its cgroups are removed, since the counts go with them.
 *
 * Only files of controllers that its plan enabled are looked for: this is on the way of every container that ends.
 *
 * @see cgroup-v2.rst `cpu.stat`, `memory.peak` (Linux 5.19), `memory.events`, `pids.peak` (6.1), `io.stat`
 */
export function readUsage({ v2, v1 }: CgroupRef): Usage {
  const oomKills = readOomKills(v2, v1);
  return defined({
    ...readCpu(v2, v1),
    memoryPeakBytes: readNumber(v2, 'memory', 'memory.peak') ?? readNumberV1(v1, 'memory', 'memory.max_usage_in_bytes'),
    pidsPeak: readNumber(v2, 'pids', 'pids.peak') ?? readNumberV1(v1, 'pids', 'pids.peak'),
    oomKilled: isOutOfMemory(v2, oomKills),
    oomKills,
    io: readIo(v2) ?? readIoV1(v1),
  });
}

/** Reads what of it is watched from second to second. */
export function readCurrentUsage({ v2, v1 }: CgroupRef): Pick<Usage, 'cpuMs' | 'oomKills' | 'io'> {
  const cpuMs = parseCpuStat(text(v2?.path, 'cpu.stat') ?? '')?.cpuMs;
  return defined({
    cpuMs: cpuMs ?? readCpuV1(v1, 'cpuacct.usage'),
    oomKills: readOomKills(v2, v1),
    io: readIo(v2) ?? readIoV1(v1),
  });
}

/** Time that a container's tasks stalled for want of each resource; absent where the kernel does not measure it. */
export interface Pressures {
  readonly cpu?: Pressure | undefined;
  readonly memory?: Pressure | undefined;
  readonly io?: Pressure | undefined;
}

/**
 * Reads a container's pressure stall information: on every v2 cgroup, with or without controllers, unless the kernel was
 * booted with psi=0.
 *
 * @see Documentation/accounting/psi.rst
 */
export function readPressure(ref: CgroupRef): Pressures {
  return defined({ ...readCurrentPressure(ref), io: readStall(ref, 'io.pressure') });
}

/** Reads what of it is watched from second to second. */
export function readCurrentPressure(ref: CgroupRef): Pressures {
  return defined({ cpu: readStall(ref, 'cpu.pressure'), memory: readStall(ref, 'memory.pressure') });
}

function readStall({ v2 }: CgroupRef, file: string): Pressure | undefined {
  return parsePressure(text(v2?.path, file) ?? '');
}

// Every v2 cgroup counts CPU time, whether it has the controller or not.
function readCpu(v2: V2Ref | undefined, v1: readonly V1Ref[]): Usage {
  const cpu = v2 && parseCpuStat(text(v2.path, 'cpu.stat') ?? '');
  return {
    cpuMs: cpu?.cpuMs ?? readCpuV1(v1, 'cpuacct.usage'),
    cpuUserMs: cpu?.userMs ?? readCpuV1(v1, 'cpuacct.usage_user'),
    cpuSystemMs: cpu?.systemMs ?? readCpuV1(v1, 'cpuacct.usage_sys'),
    cpuThrottledMs: cpu?.throttledMs ?? parseThrottled(textV1(v1, 'cpu', 'cpu.stat') ?? ''),
  };
}

function readCpuV1(v1: readonly V1Ref[], file: string): number | undefined {
  return parseUsage(textV1(v1, 'cpuacct', file) ?? '');
}

// `memory.events` counts the cgroups below as well: those of `exec`, and of containers inside.
function readOomKills(v2: V2Ref | undefined, v1: readonly V1Ref[]): number | undefined {
  const events = v2?.controllers.includes('memory') ? text(v2.path, 'memory.events') : undefined;
  return events === undefined
    ? parseOomControl(textV1(v1, 'memory', 'memory.oom_control') ?? '')
    : parseEvents(events).oomKills;
}

// That one of the containers inside has met its own limit is not this one's misfortune: what counts is its own limit, and
// its own processes, which are in the payload, or in the leaf where a nested corral has put them.
function isOutOfMemory(v2: V2Ref | undefined, oomKills: number | undefined): boolean | undefined {
  if (oomKills === undefined || oomKills === 0) return oomKills === undefined ? undefined : false;
  if (v2?.delegated !== true) return true;
  const local = (directory: string): MemoryEvents =>
    parseEvents(readIfPresent(`${directory}/memory.events.local`) ?? '');
  const own = [v2.payload, ...listChildren(v2.payload).filter(isOwnLeaf)];
  return local(v2.path).oom > 0 || own.some((directory) => local(directory).oomKills > 0);
}

const isOwnLeaf = (path: string): boolean => /^(supervisor|exec-\d+)$/.test(basename(path));

function readIo(v2: V2Ref | undefined): IoStat | undefined {
  const stat = v2?.controllers.includes('io') ? text(v2.path, 'io.stat') : undefined;
  return stat === undefined ? undefined : parseIoStat(stat);
}

// What the container's own cgroups have done counts as well, where the kernel can add it up.
function readIoV1(v1: readonly V1Ref[]): IoStat | undefined {
  const read = (file: string): string =>
    textV1(v1, 'blkio', `blkio.throttle.${file}_recursive`) ?? textV1(v1, 'blkio', `blkio.throttle.${file}`) ?? '';
  return parseServiced(read('io_service_bytes'), read('io_serviced'));
}

/** Reads one number of a controller's file in v2; `undefined` where the container has no such controller there. */
export function readNumber(v2: V2Ref | undefined, controller: string, file: string): number | undefined {
  return v2?.controllers.includes(controller) ? parseSingle(text(v2.path, file) ?? '') : undefined;
}

/** The same in v1. */
export function readNumberV1(v1: readonly V1Ref[], controller: string, file: string): number | undefined {
  return parseSingle(textV1(v1, controller, file) ?? '');
}

function textV1(v1: readonly V1Ref[], controller: string, file: string): string | undefined {
  const directory = v1.find(({ controllers }) => controllers.includes(controller));
  return directory && text(directory.path, file);
}

// A file that this kernel does not have costs an exception each time: ask for it once.
const unknown = new Set<string>();

function text(path: string | undefined, file: string): string | undefined {
  if (path === undefined || unknown.has(file)) return undefined;
  const content = readIfPresent(`${path}/${file}`);
  if (content === undefined && file.endsWith('.peak') && hasController(path, file)) unknown.add(file);
  return content;
}

const hasController = (path: string, file: string): boolean =>
  readIfPresent(`${path}/${file.replace(/peak$/, 'max')}`) !== undefined;
