/**
 * Limits, as the OCI runtime-spec has them.
 *
 * @packageDocumentation
 */

/** What a container may use. Absent: as the cgroup around it has it. @see runtime-spec 1.3.0, config-linux.md "Control groups" */
export interface Resources {
  /** Who may use which devices: the last rule that fits counts. Absent: no rule is made. */
  readonly devices?: readonly DeviceRule[];
  readonly memory?: MemoryResources;
  readonly cpu?: CpuResources;
  readonly pids?: {
    /** Processes and threads; -1: no limit. */
    readonly limit: number;
  };
  readonly blockIO?: BlockIoResources;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: Uint64 }[];
  readonly network?: {
    /** For packets that leave, net_cls of v1. */
    readonly classID?: number;
    /** Of interfaces, net_prio of v1. */
    readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
  };
  /** By device. */
  readonly rdma?: Readonly<Record<string, { readonly hcaHandles?: number; readonly hcaObjects?: number }>>;
  /** cgroup v2 files, written as they are. */
  readonly unified?: Readonly<Record<string, string>>;
}

/** A whole number of up to 64 bits: a bigint where a number cannot hold it. */
export type Uint64 = number | bigint;

export interface MemoryResources {
  /** Bytes; -1: no limit. */
  readonly limit?: number;
  /** Memory and swap together, in bytes; -1: no limit. Absent beside a `limit`: no swap at all. */
  readonly swap?: number;
  /** Soft limit in bytes. */
  readonly reservation?: number;
  /** Bytes of the kernel's own, v1 before Linux 5.16. */
  readonly kernel?: number;
  /** Bytes of TCP buffers, v1. */
  readonly kernelTCP?: number;
  /** 0–100, v1. */
  readonly swappiness?: number;
  /** v1. */
  readonly disableOOMKiller?: boolean;
  /** v1; always so on v2. */
  readonly useHierarchy?: boolean;
  /** A limit below what is in use is refused. */
  readonly checkBeforeUpdate?: boolean;
}

export interface CpuResources {
  /** Microseconds of CPU time in each period; -1: no limit. */
  readonly quota?: number;
  /** Microseconds that may be saved up beyond the quota. */
  readonly burst?: number;
  /** Microseconds, 1,000–1,000,000. */
  readonly period?: number;
  /** Relative weight, 2–262144. */
  readonly shares?: number;
  /** Microseconds of real-time scheduling in each real-time period, v1. */
  readonly realtimeRuntime?: number;
  readonly realtimePeriod?: number;
  /** A list such as `0-3,7`. */
  readonly cpus?: string;
  readonly mems?: string;
  /** 1: it gets what nobody else wants. */
  readonly idle?: number;
}

export interface BlockIoResources {
  /** 10–1000. */
  readonly weight?: number;
  /** v1. */
  readonly leafWeight?: number;
  readonly weightDevice?: readonly WeightDevice[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

export interface WeightDevice {
  readonly major: number;
  readonly minor: number;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface ThrottleDevice {
  readonly major: number;
  readonly minor: number;
  /** Bytes or operations per second. */
  readonly rate: number;
}

/** One rule of the device cgroup. */
export interface DeviceRule {
  readonly allow: boolean;
  /** `a`, or absent: all. */
  readonly type?: 'a' | 'b' | 'c';
  /** Absent or -1: all. */
  readonly major?: number;
  readonly minor?: number;
  /** Of the letters r, w and m; absent: `rwm`. */
  readonly access?: string;
}
