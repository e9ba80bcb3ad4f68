import type { CgroupWrite } from '../../plan/types.js';
import type { Resources, ThrottleDevice } from '../../spec/types.js';

/**
 * Returns the writes for `resources.blockIO`: one `io.max` line for each device and limit.
 *
 * @see cgroup-v2.rst "IO"
 */
export function writes({ blockIO }: Resources): readonly CgroupWrite[] {
  return [
    ...(blockIO?.weight ? [weightWrite(blockIO.weight)] : []),
    ...throttles('rbps', blockIO?.throttleReadBpsDevice),
    ...throttles('wbps', blockIO?.throttleWriteBpsDevice),
    ...throttles('riops', blockIO?.throttleReadIOPSDevice),
    ...throttles('wiops', blockIO?.throttleWriteIOPSDevice),
  ];
}

// Which of the two files exists depends on the I/O scheduler: BFQ takes the OCI's 10–1000 as it is, iocost 1–10000.
function weightWrite(weight: number): CgroupWrite {
  return {
    file: 'io.bfq.weight',
    value: String(weight),
    ifAbsent: { file: 'io.weight', value: `default ${String(scaleWeight(weight))}` },
  };
}

/** Returns the OCI's weight, 10–1000, on the scale of `io.weight`, 1–10000. */
export function scaleWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function throttles(key: string, devices: readonly ThrottleDevice[] = []): readonly CgroupWrite[] {
  return devices.map(({ major, minor, rate }) => ({
    file: 'io.max',
    value: `${String(major)}:${String(minor)} ${key}=${rate > 0 ? String(rate) : 'max'}`,
  }));
}

/** Bytes and operations over all devices. */
export interface IoStat {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** Returns the sums over the devices of `io.stat`. */
export function parseStat(text: string): IoStat {
  return {
    readBytes: sum(text, 'rbytes'),
    writeBytes: sum(text, 'wbytes'),
    reads: sum(text, 'rios'),
    writes: sum(text, 'wios'),
  };
}

function sum(text: string, key: string): number {
  let total = 0;
  for (const [, value] of text.matchAll(new RegExp(` ${key}=(\\d+)`, 'g'))) total += Number(value);
  return total;
}

/** The limits of one device. What has no limit is absent. */
export interface IoLimit {
  /** `MAJOR:MINOR`. */
  readonly device: string;
  /** Bytes a second. */
  readonly readBps?: number;
  readonly writeBps?: number;
  /** Operations a second. */
  readonly readIops?: number;
  readonly writeIops?: number;
}

const LIMITS = { rbps: 'readBps', wbps: 'writeBps', riops: 'readIops', wiops: 'writeIops' } as const;

/** Returns what `io.max` says: `8:0 rbps=1048576 wbps=max riops=max wiops=max`. */
export function parseMax(text: string): readonly IoLimit[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...values] = line.trim().split(' ');
    const limits = values.flatMap((value) => {
      const [key = '', number = ''] = value.split('=');
      return key in LIMITS && /^\d+$/.test(number) ? [[LIMITS[key as keyof typeof LIMITS], Number(number)]] : [];
    });
    return limits.length === 0 ? [] : [{ device, ...(Object.fromEntries(limits) as Omit<IoLimit, 'device'>) }];
  });
}

/** Returns the number in `io.weight` or one of its relatives: `100`, or `default 100` before those of single devices. */
export function parseWeight(text: string): number | undefined {
  const [, weight] = /^(?:default )?(\d+)$/m.exec(text) ?? [];
  return weight === undefined ? undefined : Number(weight);
}
