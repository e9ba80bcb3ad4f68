import type {
  BlockIoResources,
  CpuResources,
  DeviceRule,
  MemoryResources,
  Resources,
  ThrottleDevice,
  WeightDevice,
} from '../resources.js';
import {
  type Reader,
  flag,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  refine,
  text,
  textOf,
  textOrNothing,
} from './read.js';
import {
  amount,
  amountOrNothing,
  integerOrNothing,
  interfaceName,
  major,
  minor,
  numberList,
  rate,
  uint32,
  uint64,
} from './values.js';

const ANY_OR_NUMBER = 'a number of a device, or -1 for all';

const deviceRule: Reader<DeviceRule> = object<DeviceRule>({
  allow: flag,
  type: refine(textOrNothing, (value, place) =>
    value === undefined ? undefined : oneOf(['a', 'b', 'c'])(value, place),
  ),
  major: optional(integer(-1, 0xfff, ANY_OR_NUMBER)),
  minor: optional(integer(-1, 0xf_ffff, ANY_OR_NUMBER)),
  access: refine(textOrNothing, (value, place) =>
    value === undefined || /^[rwm]+$/.test(value) ? value : place.refuse(value, 'made of the letters r, w and m'),
  ),
});

/** An engine that knows no swappiness writes -1, as an unsigned number. */
const NO_SWAPPINESS = 0xffff_ffff_ffff_ffffn;

const swappiness: Reader<number | undefined> = (value, place) =>
  value === undefined || value === NO_SWAPPINESS ? undefined : integer(0, 100, 'a swappiness, 0–100')(value, place);

const memory: Reader<MemoryResources> = object<MemoryResources>({
  limit: amountOrNothing,
  swap: amountOrNothing,
  reservation: amountOrNothing,
  kernel: amountOrNothing,
  kernelTCP: amountOrNothing,
  swappiness,
  disableOOMKiller: optional(flag),
  useHierarchy: optional(flag),
  checkBeforeUpdate: optional(flag),
});

// What the kernel takes. @see kernel/sched/core.c, sched_group_set_shares and tg_set_cfs_bandwidth
const PERIOD = integerOrNothing(1000, 1_000_000, 'a time in microseconds, 1000–1000000');
const TIME = integerOrNothing(0, Number.MAX_SAFE_INTEGER, 'a time in microseconds');

const quota: Reader<number | undefined> = refine(amountOrNothing, (value, place) =>
  value === undefined || value === -1 || value >= 1000
    ? value
    : place.refuse(value, 'a time in microseconds, at least 1000, or -1 for no limit'),
);

const cpu: Reader<CpuResources> = refine(
  object<CpuResources>({
    shares: integerOrNothing(1, Number.MAX_SAFE_INTEGER, 'a weight'),
    quota,
    burst: optional(integer(0, Number.MAX_SAFE_INTEGER, 'a time in microseconds')),
    period: PERIOD,
    realtimeRuntime: amountOrNothing,
    realtimePeriod: TIME,
    cpus: numberList,
    mems: numberList,
    idle: optional(integer(0, 1, '0 or 1')),
  }),
  (value, place) => {
    const { burst = 0, quota: most = -1 } = value;
    if (most > 0 && burst > most) place.refuse(burst, `at most the quota, ${most}`, 'burst');
    return value;
  },
);

const weight = integerOrNothing(10, 1000, 'a weight, 10–1000');

const weightDevice: Reader<WeightDevice> = refine(
  object<WeightDevice>({ major, minor, weight, leafWeight: weight }),
  (value, place) =>
    value.weight === undefined && value.leafWeight === undefined
      ? place.refuse(value, 'a device with a weight or a leafWeight')
      : value,
);

const throttles = optional(list(object<ThrottleDevice>({ major, minor, rate })));

const blockIO: Reader<BlockIoResources> = object<BlockIoResources>({
  weight,
  leafWeight: weight,
  weightDevice: optional(list(weightDevice)),
  throttleReadBpsDevice: throttles,
  throttleWriteBpsDevice: throttles,
  throttleReadIOPSDevice: throttles,
  throttleWriteIOPSDevice: throttles,
});

type HugepageLimit = NonNullable<Resources['hugepageLimits']>[number];
type Network = NonNullable<Resources['network']>;
type Rdma = NonNullable<Resources['rdma']>[string];
type Pids = NonNullable<Resources['pids']>;

const hugepageLimit: Reader<HugepageLimit> = object<HugepageLimit>({
  pageSize: textOf(/^[1-9]\d*[KMG]B$/, 'a page size such as 2MB'),
  limit: uint64,
});

const network: Reader<Network> = object<Network>({
  classID: optional(uint32),
  priorities: optional(
    list(object<NonNullable<Network['priorities']>[number]>({ name: interfaceName, priority: uint32 })),
  ),
});

const rdma: Reader<Rdma> = refine(
  object<Rdma>({ hcaHandles: optional(uint32), hcaObjects: optional(uint32) }),
  (value, place) =>
    value.hcaHandles === undefined && value.hcaObjects === undefined
      ? place.refuse(value, 'a limit of hcaHandles or hcaObjects')
      : value,
);

// Since 1.3 the limit may be absent, which is no limit.
const pids: Reader<Pids | undefined> = refine(
  object<Partial<Pids>>({ limit: optional(amount) }),
  ({ limit }): Pids | undefined => (limit === undefined ? undefined : { limit }),
);

const unified: Reader<Readonly<Record<string, string>>> = refine(map(text), (files, place) => {
  for (const file of Object.keys(files)) {
    if (!/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(file)) place.refuse(file, 'the name of a file of a cgroup');
  }
  return files;
});

/** @see runtime-spec 1.3.0, config-linux.md "Control groups" */
export const resources: Reader<Resources> = object<Resources>({
  devices: optional(list(deviceRule)),
  memory: optional(memory),
  cpu: optional(cpu),
  pids: optional(pids),
  blockIO: optional(blockIO),
  hugepageLimits: optional(list(hugepageLimit)),
  network: optional(network),
  rdma: optional(map(rdma)),
  unified: optional(unified),
});
