import type { Resources, ThrottleDevice, WeightDevice } from '../../spec/resources.js';
import { type FieldWrite, ON_V2, refuse, type WriteRules } from '../rules.js';

/**
 * Returns the writes for `resources.blockIO`: one `io.max` line for each device and limit.
 *
 * @throws ConfigError for a weight of leaves, which v2 has none of
 * @see cgroup-v2.rst "IO"
 */
export function writes({ blockIO }: Resources, rules: WriteRules): readonly FieldWrite[] {
  const { weight, leafWeight, weightDevice = [] } = blockIO ?? {};
  refuse(rules, [
    { field: 'blockIO/leafWeight', value: leafWeight, isAsked: Boolean(leafWeight), expected: ON_V2 },
    ...weightDevice.map((entry, index) => ({
      field: `blockIO/weightDevice/${index}/leafWeight`,
      value: entry.leafWeight,
      isAsked: Boolean(entry.leafWeight),
      expected: ON_V2,
    })),
  ]);
  return [
    ...(weight ? [weightWrite('blockIO/weight', '', weight)] : []),
    ...weightDevice.flatMap((entry, index) => deviceWeight(entry, index)),
    ...throttles('rbps', 'throttleReadBpsDevice', blockIO?.throttleReadBpsDevice),
    ...throttles('wbps', 'throttleWriteBpsDevice', blockIO?.throttleWriteBpsDevice),
    ...throttles('riops', 'throttleReadIOPSDevice', blockIO?.throttleReadIOPSDevice),
    ...throttles('wiops', 'throttleWriteIOPSDevice', blockIO?.throttleWriteIOPSDevice),
  ];
}

// Which of the two files exists depends on the I/O scheduler: BFQ takes the OCI's 10–1000 as it is, iocost 1–10000.
function weightWrite(field: string, device: string, weight: number): FieldWrite {
  return {
    field,
    file: 'io.bfq.weight',
    value: `${device}${weight}`,
    ifAbsent: { file: 'io.weight', value: `${device === '' ? 'default ' : device}${scaleWeight(weight)}` },
  };
}

function deviceWeight({ major, minor, weight }: WeightDevice, index: number): readonly FieldWrite[] {
  return weight ? [weightWrite(`blockIO/weightDevice/${index}`, `${major}:${minor} `, weight)] : [];
}

/** Returns the OCI's weight, 10–1000, on the scale of `io.weight`, 1–10000. */
export function scaleWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function throttles(key: string, name: string, devices: readonly ThrottleDevice[] = []): readonly FieldWrite[] {
  return devices.map(({ major, minor, rate }, index) => ({
    field: `blockIO/${name}/${index}`,
    file: 'io.max',
    value: `${major}:${minor} ${key}=${rate > 0 ? rate : 'max'}`,
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
