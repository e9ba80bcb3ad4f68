import type { CgroupWrite } from '../../plan/types.js';
import type { Resources, ThrottleDevice } from '../../spec/types.js';

/**
 * Returns the writes for `resources.blockIO`.
 *
 * @see cgroup-v1/blkio-controller.rst
 */
export function writes({ blockIO }: Resources): readonly CgroupWrite[] {
  return [
    ...(blockIO?.weight ? [weightWrite(String(blockIO.weight))] : []),
    ...throttles('read_bps', blockIO?.throttleReadBpsDevice),
    ...throttles('write_bps', blockIO?.throttleWriteBpsDevice),
    ...throttles('read_iops', blockIO?.throttleReadIOPSDevice),
    ...throttles('write_iops', blockIO?.throttleWriteIOPSDevice),
  ];
}

// CFQ's file until Linux 5.0, BFQ's since.
function weightWrite(value: string): CgroupWrite {
  return { file: 'blkio.bfq.weight', value, ifAbsent: { file: 'blkio.weight', value } };
}

function throttles(kind: string, devices: readonly ThrottleDevice[] = []): readonly CgroupWrite[] {
  return devices.map(({ major, minor, rate }) => ({
    file: `blkio.throttle.${kind}_device`,
    value: `${String(major)}:${String(minor)} ${String(rate)}`,
  }));
}
