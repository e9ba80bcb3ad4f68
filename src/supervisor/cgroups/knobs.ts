import { OptionError } from '../../errors/option-error.js';
import { closest } from '../../util/closest.js';
import {
  bytesOrMax,
  controllerChanges,
  cpuMax,
  flag,
  idList,
  integer,
  integerOrMax,
  ioLatency,
  ioMax,
  ioWeight,
  type KnobValue,
  miscMax,
  percentOrMax,
  rdmaMax,
  type ValueReader,
} from './knob-values.js';

/** PID_MAX_LIMIT, and what the kernel takes for numbers of cgroups. */
const MOST_PIDS = 4_194_304;
const MOST_INT = 2 ** 31 - 1;

/**
 * What callers may set, and how it is read. What moves processes, kills, or wires cgroups together is not among it: it has a request
 * of its own, or none. Nor is `memory.reclaim`, whose write takes as long as its caller likes.
 *
 * @see cgroup-v2.rst "Controllers", "Core Interface Files"
 */
const WRITABLE: Readonly<Record<string, ValueReader>> = {
  'cgroup.freeze': flag,
  'cgroup.max.depth': integerOrMax(0, MOST_INT),
  'cgroup.max.descendants': integerOrMax(0, MOST_INT),
  'cgroup.pressure': flag,
  'cgroup.subtree_control': controllerChanges,
  'cpu.idle': flag,
  'cpu.max': cpuMax,
  'cpu.max.burst': integer(0, 2 ** 44),
  'cpu.uclamp.max': percentOrMax,
  'cpu.uclamp.min': percentOrMax,
  'cpu.weight': integer(1, 10_000),
  'cpu.weight.nice': integer(-20, 19),
  'cpuset.cpus': idList,
  'cpuset.mems': idList,
  'io.bfq.weight': ioWeight(1, 1000),
  'io.latency': ioLatency,
  'io.max': ioMax,
  'io.weight': ioWeight(1, 10_000),
  'memory.high': bytesOrMax,
  'memory.low': bytesOrMax,
  'memory.max': bytesOrMax,
  'memory.min': bytesOrMax,
  'memory.oom.group': flag,
  'memory.swap.high': bytesOrMax,
  'memory.swap.max': bytesOrMax,
  'memory.zswap.max': bytesOrMax,
  'memory.zswap.writeback': flag,
  'misc.max': miscMax,
  'pids.max': integerOrMax(0, MOST_PIDS - 1),
  'rdma.max': rdmaMax,
};

/** `hugetlb.2MB.max`: the sizes are the machine's. */
const HUGETLB_LIMIT = /^hugetlb\.\d+[KMG]B\.(rsvd\.)?max$/;

/** What callers may read besides. Not the pids in a cgroup: they are the host's. */
const READABLE = new Set([
  'cgroup.controllers',
  'cgroup.events',
  'cgroup.stat',
  'cgroup.type',
  'cpu.pressure',
  'cpu.stat',
  'cpu.stat.local',
  'cpuset.cpus.effective',
  'cpuset.mems.effective',
  'io.pressure',
  'io.stat',
  'irq.pressure',
  'memory.current',
  'memory.events',
  'memory.events.local',
  'memory.numa_stat',
  'memory.peak',
  'memory.pressure',
  'memory.stat',
  'memory.swap.current',
  'memory.swap.events',
  'memory.swap.peak',
  'memory.zswap.current',
  'misc.current',
  'misc.events',
  'misc.peak',
  'pids.current',
  'pids.events',
  'pids.events.local',
  'pids.peak',
  'rdma.current',
]);

const HUGETLB_COUNT = /^hugetlb\.\d+[KMG]B\.((rsvd\.)?current|events(\.local)?|numa_stat)$/;

/** A value that was read, ready to be written. */
export interface KnobWrite {
  readonly knob: string;
  readonly value: string;
}

/** Tells whether callers may read a file of a cgroup. */
export function isReadable(file: string): boolean {
  return READABLE.has(file) || HUGETLB_COUNT.test(file) || findReader(file) !== undefined;
}

/** Reads a file's name, as one of those that callers may read. @throws OptionError */
export function parseReadable(file: unknown, option = 'names'): string {
  if (typeof file === 'string' && isReadable(file)) return file;
  throw new OptionError(option, file, 'a value of a cgroup that can be read here, such as memory.current');
}

/**
 * Reads all values that a caller wants to set, before any is.
 *
 * @throws OptionError for a name that is none, or not the caller's to set, and for a value that makes no sense
 */
export function parseKnobs(values: Readonly<Record<string, unknown>>): readonly KnobWrite[] {
  return Object.entries(values).map(([knob, value]) => {
    const reader = findReader(knob);
    if (reader === undefined) throw unknownKnob(knob);
    if (!isKnobValue(value)) throw new OptionError(knob, value, 'a string, number or boolean');
    return { knob, value: reader(knob, value) };
  });
}

function findReader(knob: string): ValueReader | undefined {
  if (HUGETLB_LIMIT.test(knob)) return bytesOrMax;
  return Object.hasOwn(WRITABLE, knob) ? WRITABLE[knob] : undefined;
}

function unknownKnob(knob: string): OptionError {
  const expected = isReadable(knob)
    ? 'a value that can be set: it can only be read'
    : 'a value of a cgroup that can be set here, such as memory.max';
  const similar = closest(knob, Object.keys(WRITABLE));
  return new OptionError('values', knob, expected, similar === undefined ? {} : { hint: `did you mean ${similar}?` });
}

const isKnobValue = (value: unknown): value is KnobValue => ['string', 'number', 'boolean'].includes(typeof value);
