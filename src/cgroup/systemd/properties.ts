import type { UnitNumber, UnitProperty } from '../../plan/types.js';
import type { Resources, ThrottleDevice } from '../../spec/resources.js';
import type { WriteRules } from '../rules.js';
import { weightFromShares } from '../v2/cpu.js';
import { scaleWeight } from '../v2/io.js';
import { swapMax } from '../v2/memory.js';

/**
 * Returns the limits as properties of a unit: only what was asked for. What systemd has no property for is in files only.
 *
 * @see systemd.resource-control(5); opencontainers/runtime-spec config-linux.md "Control groups"
 */
export function toProperties(
  resources: Resources,
  rules: Pick<WriteRules, 'engine' | 'formula'> = {},
): readonly UnitProperty[] {
  // An engine's container has no keeper beside it.
  const keepers = rules.engine === undefined ? KEEPERS : 0;
  const own = [...memory(resources, rules), ...cpu(resources, rules), ...pids(resources, keepers), ...io(resources)];
  const names = own.map(({ name }) => name);
  // A file that was written by name comes last there, and so counts here.
  const others = Object.entries(resources.unified ?? {}).flatMap(([file, value]) => fromFile(file, value, keepers));
  const overridden = others.map(({ name }) => name).filter((name) => names.includes(name));
  return [...own.filter(({ name }) => !overridden.includes(name)), ...others];
}

const number = (name: string, value: UnitNumber): UnitProperty => ({ name, type: 't', value });
const limit = (value: number): UnitNumber => (value < 0 ? 'infinity' : value);

function memory({ memory }: Resources, rules: Pick<WriteRules, 'engine'>): readonly UnitProperty[] {
  if (memory === undefined) return [];
  const swap = swapMax(memory, rules);
  return [
    ...(memory.reservation === undefined ? [] : [number('MemoryLow', limit(memory.reservation))]),
    ...(memory.limit === undefined ? [] : [number('MemoryMax', limit(memory.limit))]),
    ...(swap === undefined ? [] : [number('MemorySwapMax', swap === 'max' ? 'infinity' : Number(swap))]),
  ];
}

/** Who else is in the scope: the process that keeps it. */
const KEEPERS = 1;

/** The kernel's own, in microseconds. */
const DEFAULT_PERIOD_US = 100_000;
/** What systemd keeps of a quota: whole percents of a CPU, in microseconds per second. */
const PERCENT_US = 10_000;

function cpu({ cpu }: Resources, { formula }: Pick<WriteRules, 'formula'>): readonly UnitProperty[] {
  if (cpu === undefined) return [];
  // What idles has no weight; systemd 252 takes 0 for that, and older ones nothing: then it is in the file only.
  const weight = cpu.idle === 1 ? undefined : weightFromShares(cpu.shares ?? 0, formula);
  return [
    ...(weight === undefined ? [] : [number('CPUWeight', weight)]),
    ...quota(cpu.quota, cpu.period),
    ...mask('AllowedCPUs', cpu.cpus),
    ...mask('AllowedMemoryNodes', cpu.mems),
  ];
}

// Rounded up: what is in the file is exact, and what systemd may write there later is not to be less.
function quota(quota: number | undefined, period: number | undefined): readonly UnitProperty[] {
  if (quota === undefined && period === undefined) return [];
  const perSecond = ((quota ?? -1) * 1_000_000) / (period ?? DEFAULT_PERIOD_US);
  const rounded = Math.ceil(perSecond / PERCENT_US) * PERCENT_US;
  return [
    number('CPUQuotaPerSecUSec', perSecond > 0 ? rounded : 'infinity'),
    ...(period === undefined ? [] : [number('CPUQuotaPeriodUSec', period)]),
  ];
}

function mask(name: string, list: string | undefined): readonly UnitProperty[] {
  const value = list ? toMask(list) : undefined;
  return value === undefined ? [] : [{ name, type: 'ay', value }];
}

/**
 * Returns a list such as `0-3,7` as bytes of bits, the lowest number first.
 *
 * @returns `undefined` for what is no such list: the kernel says what is wrong with it when it is written to the file
 */
function toMask(list: string): readonly number[] | undefined {
  const bytes: number[] = [];
  for (const part of list.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    if (first === undefined) return undefined;
    for (let bit = Number(first); bit <= Number(last); bit++) {
      const index = bit >> 3;
      while (bytes.length <= index) bytes.push(0);
      bytes[index] = (bytes[index] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytes;
}

function pids({ pids }: Resources, keepers: number): readonly UnitProperty[] {
  return pids === undefined ? [] : [number('TasksMax', pids.limit < 0 ? 'infinity' : pids.limit + keepers)];
}

function io({ blockIO }: Resources): readonly UnitProperty[] {
  if (blockIO === undefined) return [];
  return [
    ...(blockIO.weight ? [number('IOWeight', scaleWeight(blockIO.weight))] : []),
    ...devices('IOReadBandwidthMax', blockIO.throttleReadBpsDevice),
    ...devices('IOWriteBandwidthMax', blockIO.throttleWriteBpsDevice),
    ...devices('IOReadIOPSMax', blockIO.throttleReadIOPSDevice),
    ...devices('IOWriteIOPSMax', blockIO.throttleWriteIOPSDevice),
  ];
}

function devices(name: string, list: readonly ThrottleDevice[] = []): readonly UnitProperty[] {
  if (list.length === 0) return [];
  const value = list.map(({ major, minor, rate }) => {
    return [`/dev/block/${String(major)}:${String(minor)}`, rate > 0 ? rate : 'infinity'] as const;
  });
  return [{ name, type: 'a(st)', value }];
}

const NUMBERS: Readonly<Record<string, string>> = {
  'cpu.weight': 'CPUWeight',
  'memory.high': 'MemoryHigh',
  'memory.low': 'MemoryLow',
  'memory.max': 'MemoryMax',
  'memory.min': 'MemoryMin',
  'memory.swap.max': 'MemorySwapMax',
  'pids.max': 'TasksMax',
};

/** Returns the property that stands for an interface file of cgroup v2; none where there is none, or the value is another's. */
function fromFile(file: string, value: string, keepers: number): readonly UnitProperty[] {
  const name = NUMBERS[file];
  if (name !== undefined)
    return value === 'max' || /^\d+$/.test(value) ? [number(name, toNumber(name, value, keepers))] : [];
  if (file === 'cpuset.cpus') return mask('AllowedCPUs', value);
  if (file === 'cpuset.mems') return mask('AllowedMemoryNodes', value);
  if (file !== 'cpu.max') return [];
  const [, most, period] = /^(max|\d+)(?: (\d+))?$/.exec(value) ?? [];
  return most === undefined
    ? []
    : quota(most === 'max' ? -1 : Number(most), period === undefined ? undefined : Number(period));
}

function toNumber(name: string, value: string, keepers: number): UnitNumber {
  if (value === 'max') return 'infinity';
  return name === 'TasksMax' ? Number(value) + keepers : Number(value);
}
