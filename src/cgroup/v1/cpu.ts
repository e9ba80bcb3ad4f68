import type { Resources } from '../../spec/resources.js';
import { parseFlatKeyed } from '../parse.js';
import { type FieldWrite, refuse, type WriteRules } from '../rules.js';
import { parseMax } from '../v2/cpu.js';

/**
 * Returns the writes for times, shares and idling. The period goes first: the quota is checked against it.
 *
 * @throws ConfigError for shares that the kernel would silently replace
 * @see Documentation/scheduler/sched-bwc.rst, sched-rt-group.rst
 */
export function writes({ cpu }: Resources, rules: WriteRules): readonly FieldWrite[] {
  const { shares, period, quota, burst, realtimePeriod, realtimeRuntime, idle } = cpu ?? {};
  const isAsked = Boolean(shares) && (Number(shares) < 2 || Number(shares) > 262_144);
  refuse(rules, [{ field: 'cpu/shares', value: shares, isAsked, expected: '2–262144' }]);
  const time = (field: string, file: string, value: number | undefined): readonly FieldWrite[] =>
    value === undefined ? [] : [{ field: `cpu/${field}`, file, value: String(value), retry: true }];
  return [
    ...(idle === undefined ? [] : [{ field: 'cpu/idle', file: 'cpu.idle', value: String(idle), ...unlessSet(idle) }]),
    // What only gets what nobody else wants weighs nothing.
    ...(shares && idle !== 1 ? [{ field: 'cpu/shares', file: 'cpu.shares', value: String(shares) }] : []),
    ...time('period', 'cpu.cfs_period_us', period),
    ...(quota === undefined
      ? []
      : [{ field: 'cpu/quota', file: 'cpu.cfs_quota_us', value: String(quota > 0 ? quota : -1) }]),
    ...time('burst', 'cpu.cfs_burst_us', burst).map((write) => ({ ...write, ...unlessSet(burst) })),
    ...time('realtimePeriod', 'cpu.rt_period_us', realtimePeriod),
    ...time('realtimeRuntime', 'cpu.rt_runtime_us', realtimeRuntime),
  ];
}

/** A kernel that lacks the file does as 0 says. */
function unlessSet(value: number | undefined): { readonly ifAbsent?: 'skip' } {
  return value === 0 ? { ifAbsent: 'skip' } : {};
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
