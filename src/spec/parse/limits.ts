import { OptionError } from '../../errors/option-error.js';
import { parseSize } from '../../util/size.js';
import type { LimitOptions } from '../options.js';
import type { Resources, ThrottleDevice } from '../types.js';

/** One CPU's worth of time in this many microseconds, the kernel's default period. */
const CPU_PERIOD_US = 100_000;

/** The kernel refuses a quota below this. */
const MIN_QUOTA_US = 1000;

/** @returns the device's numbers, or `undefined` when `path` is no block device */
export type DeviceLookup = (path: string) => { readonly major: number; readonly minor: number } | undefined;

/** Turns the limits among the options into the runtime-spec's resources. */
export function parseLimits(options: LimitOptions, device: DeviceLookup): Resources {
  return {
    ...section('memory', parseMemory(options)),
    ...section('cpu', parseCpu(options)),
    ...(options.pids === undefined ? {} : { pids: { limit: positive('pids', options.pids) } }),
    ...section('blockIO', parseBlockIo(options, device)),
  };
}

function section<K extends string, V extends object>(key: K, value: V): Partial<Record<K, V>> {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as Record<K, V>);
}

function parseMemory(options: LimitOptions): NonNullable<Resources['memory']> {
  const limit = optionalSize('memory', options.memory);
  const swap = options.memorySwap === 'max' ? -1 : optionalSize('memorySwap', options.memorySwap);
  const reservation = optionalSize('memoryReservation', options.memoryReservation);
  if (swap !== undefined && limit === undefined) {
    throw new OptionError('memorySwap', options.memorySwap, 'possible without memory', {
      hint: 'memorySwap limits RAM and swap together: give memory too',
    });
  }
  if (swap !== undefined && swap >= 0 && swap < (limit ?? 0)) {
    throw new OptionError('memorySwap', options.memorySwap, 'at least memory, which it includes');
  }
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(swap === undefined ? {} : { swap }),
    ...(reservation === undefined ? {} : { reservation }),
  };
}

function optionalSize(option: string, value: number | string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const bytes = typeof value === 'number' ? value : parseSize(value);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new OptionError(option, value, 'a size such as 256M or 1.5G');
  }
  return bytes;
}

function parseCpu(options: LimitOptions): NonNullable<Resources['cpu']> {
  const { cpus, cpuShares, cpusetCpus, cpusetMems } = options;
  return {
    ...(cpus === undefined ? {} : { quota: cpuQuota(cpus), period: CPU_PERIOD_US }),
    ...(cpuShares === undefined ? {} : { shares: within('cpuShares', cpuShares, 2, 262_144) }),
    ...(cpusetCpus === undefined ? {} : { cpus: cpuList('cpusetCpus', cpusetCpus) }),
    ...(cpusetMems === undefined ? {} : { mems: cpuList('cpusetMems', cpusetMems) }),
  };
}

function cpuQuota(cpus: number | string): number {
  const number = typeof cpus === 'number' ? cpus : /^\d+(\.\d+)?$/.test(cpus) ? Number(cpus) : NaN;
  const quota = Math.round(number * CPU_PERIOD_US);
  if (!(quota >= MIN_QUOTA_US) || !Number.isSafeInteger(quota)) {
    throw new OptionError('cpus', cpus, 'a number of CPUs such as 1.5, at least 0.01');
  }
  return quota;
}

function cpuList(option: string, text: string): string {
  if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return text;
  throw new OptionError(option, text, 'a list such as 0-3,7');
}

function parseBlockIo(options: LimitOptions, device: DeviceLookup): NonNullable<Resources['blockIO']> {
  const throttles = {
    throttleReadBpsDevice: parseThrottles('deviceReadBps', options.deviceReadBps, device),
    throttleWriteBpsDevice: parseThrottles('deviceWriteBps', options.deviceWriteBps, device),
    throttleReadIOPSDevice: parseThrottles('deviceReadIops', options.deviceReadIops, device),
    throttleWriteIOPSDevice: parseThrottles('deviceWriteIops', options.deviceWriteIops, device),
  };
  return {
    ...(options.ioWeight === undefined ? {} : { weight: within('ioWeight', options.ioWeight, 10, 1000) }),
    ...Object.fromEntries(Object.entries(throttles).filter(([, list]) => list.length > 0)),
  };
}

function parseThrottles(
  option: string,
  entries: readonly string[] | undefined,
  device: DeviceLookup,
): readonly ThrottleDevice[] {
  return (entries ?? []).map((entry, index) => {
    const name = `${option}[${String(index)}]`;
    const [path, text] = splitLast(entry);
    const rate = parseSize(text);
    if (rate === undefined || rate === 0 || path.includes('\0'))
      throw new OptionError(name, entry, 'of the form DEVICE:RATE, such as /dev/sda:10M');
    const numbers = device(path);
    if (numbers === undefined) throw new OptionError(name, entry, `about a block device: ${path} is none`);
    return { ...numbers, rate };
  });
}

function splitLast(entry: string): readonly [string, string] {
  const colon = entry.lastIndexOf(':');
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

function positive(option: string, value: number): number {
  return within(option, value, 1, Number.MAX_SAFE_INTEGER);
}

function within(option: string, value: number, low: number, high: number): number {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
  const range = high === Number.MAX_SAFE_INTEGER ? `at least ${String(low)}` : `${String(low)}–${String(high)}`;
  throw new OptionError(option, value, `a whole number, ${range}`);
}
