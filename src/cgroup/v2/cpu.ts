import type { WeightFormula } from '../../spec/annotations.js';
import type { Resources } from '../../spec/resources.js';
import { parseFlatKeyed } from '../parse.js';
import { type FieldWrite, ON_V2, refuse, type WriteRules } from '../rules.js';

/** The kernel's own, in microseconds. */
const DEFAULT_PERIOD_US = 100_000;

/**
 * Returns the writes for quota, period, burst, shares and idling.
 *
 * @throws ConfigError for real-time scheduling, which v2 cannot limit
 * @see cgroup-v2.rst "CPU"
 */
export function writes({ cpu }: Resources, rules: WriteRules): readonly FieldWrite[] {
  const { shares, quota, period, burst, idle, realtimeRuntime, realtimePeriod } = cpu ?? {};
  refuse(
    rules,
    Object.entries({ realtimeRuntime, realtimePeriod }).map(([name, value]) => {
      return { field: `cpu/${name}`, value, isAsked: Boolean(value), expected: ON_V2 };
    }),
  );
  const weight = idle === 1 ? undefined : weightFromShares(shares ?? 0, rules.formula);
  // A kernel that lacks a file does as 0 says.
  const skip = (value: number): object => (value === 0 ? { ifAbsent: 'skip' } : {});
  return [
    ...(idle === undefined ? [] : [{ field: 'cpu/idle', file: 'cpu.idle', value: String(idle), ...skip(idle) }]),
    ...(weight === undefined ? [] : [{ field: 'cpu/shares', file: 'cpu.weight', value: String(weight) }]),
    ...(burst === undefined
      ? []
      : [{ field: 'cpu/burst', file: 'cpu.max.burst', value: String(burst), retry: true as const, ...skip(burst) }]),
    ...(quota === undefined && period === undefined
      ? []
      : [
          {
            field: quota === undefined ? 'cpu/period' : 'cpu/quota',
            file: 'cpu.max',
            value: formatMax(quota, period),
            retry: true as const,
          },
        ]),
  ];
}

function formatMax(quota = -1, period = DEFAULT_PERIOD_US): string {
  return `${quota > 0 ? String(quota) : 'max'} ${String(period)}`;
}

/** Returns how many CPUs' worth of time `cpu.max` gives; `undefined` when there is no limit. */
export function parseMax(text: string): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)$/.exec(text.trim()) ?? [];
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period);
}

/**
 * Converts OCI CPU shares to a cgroup v2 weight.
 *
 * The curve meets three points: 2 → 1, 1024 → 100 (both defaults) and 262144 → 10000. runc before 1.3.2 drew a straight
 * line, which made a default container weigh 39: that is `linear`.
 *
 * @param shares - cgroup v1 shares, 2–262144; 0 means unset
 * @returns weight 1–10000, or `undefined` when unset
 * @see runtime-spec config-linux.md "CPU"; opencontainers/cgroups ConvertCPUSharesToCgroupV2Value
 */
export function weightFromShares(shares: number, formula: WeightFormula = 'curve'): number | undefined {
  if (shares === 0) return undefined;
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  if (formula === 'linear') return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** CPU time and throttling. */
export interface CpuStat {
  readonly cpuMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** Time in which the quota was used up; absent without the controller. */
  readonly throttledMs?: number;
}

/** Returns what `cpu.stat` says, or `undefined` when it does not say how much time was used. */
export function parseStat(text: string): CpuStat | undefined {
  const values = parseFlatKeyed(text);
  const usage = values.get('usage_usec');
  const throttled = values.get('throttled_usec');
  if (usage === undefined) return undefined;
  return {
    cpuMs: usage / 1000,
    userMs: (values.get('user_usec') ?? 0) / 1000,
    systemMs: (values.get('system_usec') ?? 0) / 1000,
    ...(throttled !== undefined && { throttledMs: throttled / 1000 }),
  };
}
