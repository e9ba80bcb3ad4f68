import type { Resources, ThrottleDevice, WeightDevice } from '../../spec/resources.js';
import type { FieldWrite } from '../rules.js';
import type { IoLimit, IoStat } from '../v2/io.js';

/**
 * Returns the writes for `resources.blockIO`.
 *
 * @see cgroup-v1/blkio-controller.rst
 */
export function writes({ blockIO }: Resources): readonly FieldWrite[] {
  const { weight, leafWeight, weightDevice = [] } = blockIO ?? {};
  return [
    ...(weight ? [weightWrite('blockIO/weight', 'weight', String(weight))] : []),
    ...(leafWeight ? [{ field: 'blockIO/leafWeight', file: 'blkio.leaf_weight', value: String(leafWeight) }] : []),
    ...weightDevice.flatMap((entry, index) => deviceWeights(entry, index)),
    ...throttles('read_bps', 'throttleReadBpsDevice', blockIO?.throttleReadBpsDevice),
    ...throttles('write_bps', 'throttleWriteBpsDevice', blockIO?.throttleWriteBpsDevice),
    ...throttles('read_iops', 'throttleReadIOPSDevice', blockIO?.throttleReadIOPSDevice),
    ...throttles('write_iops', 'throttleWriteIOPSDevice', blockIO?.throttleWriteIOPSDevice),
  ];
}

// CFQ's file until Linux 5.0, BFQ's since.
function weightWrite(field: string, name: string, value: string): FieldWrite {
  return { field, file: `blkio.bfq.${name}`, value, ifAbsent: { file: `blkio.${name}`, value } };
}

// The weight of leaves went with CFQ.
function deviceWeights({ major, minor, weight, leafWeight }: WeightDevice, index: number): readonly FieldWrite[] {
  const field = `blockIO/weightDevice/${index}`;
  const device = `${major}:${minor}`;
  return [
    ...(weight ? [weightWrite(field, 'weight_device', `${device} ${weight}`)] : []),
    ...(leafWeight
      ? [{ field: `${field}/leafWeight`, file: 'blkio.leaf_weight_device', value: `${device} ${leafWeight}` }]
      : []),
  ];
}

function throttles(kind: string, name: string, devices: readonly ThrottleDevice[] = []): readonly FieldWrite[] {
  return devices.map(({ major, minor, rate }, index) => ({
    field: `blockIO/${name}/${index}`,
    file: `blkio.throttle.${kind}_device`,
    value: `${major}:${minor} ${rate}`,
  }));
}

/** The files of the limits of devices, without their common beginning. */
export const THROTTLES = {
  read_bps_device: 'readBps',
  write_bps_device: 'writeBps',
  read_iops_device: 'readIops',
  write_iops_device: 'writeIops',
} as const satisfies Record<string, keyof IoLimit>;

/** Returns the limits of devices. @param read - returns the text of one of {@link THROTTLES}, lines such as `8:0 1048576` */
export function parseThrottles(read: (file: keyof typeof THROTTLES) => string): readonly IoLimit[] {
  const devices = new Map<string, IoLimit>();
  for (const [file, limit] of Object.entries(THROTTLES)) {
    for (const [, device = '', rate] of read(file as keyof typeof THROTTLES).matchAll(/^(\d+:\d+) (\d+)$/gm)) {
      devices.set(device, { device, ...devices.get(device), [limit]: Number(rate) });
    }
  }
  return [...devices.values()];
}

/**
 * Returns the sums over the devices.
 *
 * @param bytes - `blkio.throttle.io_service_bytes`, lines such as `8:0 Read 4096`
 * @param operations - `blkio.throttle.io_serviced`
 * @returns `undefined` where the first says nothing at all; a container that has read nothing has at least `Total 0`
 */
export function parseServiced(bytes: string, operations: string): IoStat | undefined {
  if (!bytes.includes('Total')) return undefined;
  return {
    readBytes: sum(bytes, 'Read'),
    writeBytes: sum(bytes, 'Write'),
    reads: sum(operations, 'Read'),
    writes: sum(operations, 'Write'),
  };
}

function sum(text: string, kind: 'Read' | 'Write'): number {
  let total = 0;
  for (const [, value] of text.matchAll(new RegExp(`^\\d+:\\d+ ${kind} (\\d+)$`, 'gm'))) total += Number(value);
  return total;
}
