import { OptionError } from '../../errors/option-error.js';
import { parseSize } from '../../util/size.js';
import type { LimitOptions } from '../options.js';
import type { Resources, ThrottleDevice } from '../resources.js';

/** One CPU's worth of time in this many microseconds, the kernel's default period. */
const CPU_PERIOD_US = 100_000;

/** The kernel refuses a quota below this. */
const MIN_QUOTA_US = 1000;

/** @returns the device's numbers, or `undefined` when `path` is no block device */
export type DeviceLookup = (path: string) => { readonly major: number; readonly minor: number } | undefined;

/** Turns the limits among the options into the runtime-spec's resources. */
export function parseLimits(options: LimitOptions, device: DeviceLookup): Resources {
  const resources = parseEach(options, device);
  checkSwap(resources.memory ?? {}, options.memorySwap);
  return resources;
}

/**
 * The same, each limit for itself: see {@link checkSwap} for what they must be together.
 *
 * @param mayRemove - a rate may be `max`, which becomes 0
 */
export function parseEach(
  options: LimitOptions,
  device: DeviceLookup,
  { mayRemove = false }: { readonly mayRemove?: boolean } = {},
): Resources {
  return {
    ...section('memory', parseMemory(options)),
    ...section('cpu', parseCpu(options)),
    ...(options.pids === undefined ? {} : { pids: { limit: positive('pids', options.pids) } }),
    ...section('blockIO', parseBlockIo(options, device, mayRemove)),
  };
}

function section<K extends string, V extends object>(key: K, value: V): Partial<Record<K, V>> {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as Record<K, V>);
}

function parseMemory(options: LimitOptions): NonNullable<Resources['memory']> {
  const limit = optionalSize('memory', options.memory);
  const swap = options.memorySwap === 'max' ? -1 : optionalSize('memorySwap', options.memorySwap);
  const reservation = optionalSize('memoryReservation', options.memoryReservation);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(swap === undefined ? {} : { swap }),
    ...(reservation === undefined ? {} : { reservation }),
  };
}

/**
 * Checks a limit of memory and swap together against that of memory.
 *
 * @param given - what was said about swap, for the error
 * @throws OptionError
 */
export function checkSwap({ limit, swap }: NonNullable<Resources['memory']>, given: unknown): void {
  if (swap === undefined) return;
  if (limit === undefined || (limit < 0 && swap >= 0)) {
    throw new OptionError('memorySwap', given, 'possible without memory', {
      hint: 'memorySwap limits RAM and swap together: give memory too',
    });
  }
  if (swap >= 0 && swap < limit) throw new OptionError('memorySwap', given, 'at least memory, which it includes');
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

function parseBlockIo(
  options: LimitOptions,
  device: DeviceLookup,
  mayRemove: boolean,
): NonNullable<Resources['blockIO']> {
  const parse = (option: RateOption): readonly ThrottleDevice[] =>
    (options[option] ?? []).map((entry, index) =>
      parseThrottle(`${option}[${String(index)}]`, entry, device, mayRemove),
    );
  const throttles = {
    throttleReadBpsDevice: parse('deviceReadBps'),
    throttleWriteBpsDevice: parse('deviceWriteBps'),
    throttleReadIOPSDevice: parse('deviceReadIops'),
    throttleWriteIOPSDevice: parse('deviceWriteIops'),
  };
  return {
    ...(options.ioWeight === undefined ? {} : { weight: within('ioWeight', options.ioWeight, 10, 1000) }),
    ...Object.fromEntries(Object.entries(throttles).filter(([, list]) => list.length > 0)),
  };
}

type RateOption = 'deviceReadBps' | 'deviceWriteBps' | 'deviceReadIops' | 'deviceWriteIops';

function parseThrottle(option: string, entry: string, device: DeviceLookup, mayRemove: boolean): ThrottleDevice {
  const [path, text] = splitLast(entry);
  const isRemoved = mayRemove && text === 'max';
  const rate = isRemoved ? 0 : parseSize(text);
  if (rate === undefined || (rate === 0 && !isRemoved) || path.includes('\0'))
    throw new OptionError(option, entry, 'of the form DEVICE:RATE, such as /dev/sda:10M');
  const numbers = device(path);
  if (numbers === undefined) throw new OptionError(option, entry, `about a block device: ${path} is none`);
  return { ...numbers, rate };
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
