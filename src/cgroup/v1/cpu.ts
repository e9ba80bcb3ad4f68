import type { CgroupWrite } from '../../plan/types.js';
import type { Resources } from '../../spec/types.js';
import { parseFlatKeyed } from '../parse.js';
import { parseMax } from '../v2/cpu.js';

/**
 * Returns the writes for quota, period and shares. The period goes first: the quota is checked against it.
 *
 * @see Documentation/scheduler/sched-bwc.rst
 */
export function writes({ cpu }: Resources): readonly CgroupWrite[] {
  return [
    ...(cpu?.shares ? [{ file: 'cpu.shares', value: String(cpu.shares) }] : []),
    ...(cpu?.period === undefined ? [] : [{ file: 'cpu.cfs_period_us', value: String(cpu.period) }]),
    ...(cpu?.quota === undefined ? [] : [{ file: 'cpu.cfs_quota_us', value: String(cpu.quota > 0 ? cpu.quota : -1) }]),
  ];
}

/** Returns CPU time in milliseconds, from `cpuacct.usage`, which counts nanoseconds. */
export function parseUsage(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? Number(trimmed) / 1e6 : undefined;
}

/** Returns the time in milliseconds in which the quota was used up, from v1's `cpu.stat`, which counts nanoseconds. */
export function parseThrottled(text: string): number | undefined {
  const nanoseconds = parseFlatKeyed(text).get('throttled_time');
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}

/** Returns how many CPUs' worth of time `cpu.cfs_quota_us` and `cpu.cfs_period_us` give; `undefined` for no limit. */
export function parseQuota(quota: string, period: string): number | undefined {
  // A quota of -1 is none.
  return parseMax(`${quota.trim()} ${period.trim()}`);
}
