import { type Entry, type Look, type Resource, SPARKS, type Seen, type SeenStats } from './types.js';

/** What is kept of a container from look to look. */
interface Past {
  readonly at: number;
  /** The same name is not the same container. */
  readonly createdAt: string | undefined;
  readonly pid: number | undefined;
  readonly stats: SeenStats | undefined;
  readonly pressures: readonly number[];
}

/** The last look, and what is kept of those before. */
export type History = ReadonlyMap<string, Past>;

/** Nothing was seen yet. */
export const NO_HISTORY: History = new Map();

/** Returns what to show of a look, by what was seen before it, and what to keep for the next one. */
export function advance(
  history: History,
  look: Look,
): { readonly entries: readonly Entry[]; readonly history: History } {
  const next = new Map<string, Past>();
  const visit = (seen: Seen): Entry => {
    const before = earlier(history.get(seen.path), seen);
    const elapsedMs = look.at - (before?.at ?? look.at);
    const rates = measure(seen.stats, before?.stats, elapsedMs);
    const { pressurePercent } = rates;
    const pressures =
      pressurePercent === undefined ? (before?.pressures ?? []) : [...(before?.pressures ?? []), pressurePercent];
    const kept = pressures.slice(-SPARKS);
    const { createdAt, pid, stats } = seen;
    next.set(seen.path, { at: look.at, createdAt, pid, stats, pressures: kept });
    return { ...describe(seen, look.time), ...rates, pressures: kept, containers: seen.containers.map(visit) };
  };
  return { entries: look.containers.map(visit), history: next };
}

/** Returns the past of a container, unless that is another one's of the same name. */
function earlier(past: Past | undefined, { createdAt, pid }: Seen): Past | undefined {
  // One inside another has no date that could be trusted; its first process is the next best thing.
  const isSame = createdAt === undefined ? past?.pid === pid : past?.createdAt === createdAt;
  return isSame ? past : undefined;
}

type Rates = Pick<Entry, 'cpuPercent' | 'readRate' | 'writeRate' | 'pressurePercent'>;

function measure(now: SeenStats | undefined, before: SeenStats | undefined, elapsedMs: number): Rates {
  if (now === undefined || before === undefined || elapsedMs <= 0) return {};
  const stalled = (resource: Resource): number | undefined =>
    growth(now.pressure[resource]?.someMs, before.pressure[resource]?.someMs);
  const rates = {
    cpuPercent: percent(growth(now.cpuMs, before.cpuMs), elapsedMs),
    readRate: perSecond(growth(now.io?.readBytes, before.io?.readBytes), elapsedMs),
    writeRate: perSecond(growth(now.io?.writeBytes, before.io?.writeBytes), elapsedMs),
    pressurePercent: atMost100(percent(larger(stalled('cpu'), stalled('memory')), elapsedMs)),
  };
  return without(rates);
}

function growth(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || before === undefined ? undefined : Math.max(0, now - before);
}

// Tenths: the rest is noise.
function percent(ms: number | undefined, elapsedMs: number): number | undefined {
  return ms === undefined ? undefined : Math.round((1000 * ms) / elapsedMs) / 10;
}

function perSecond(bytes: number | undefined, elapsedMs: number): number | undefined {
  return bytes === undefined ? undefined : Math.round((1000 * bytes) / elapsedMs);
}

function larger(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? 0);
}

// The kernel brings its sums up to date every now and then only.
function atMost100(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.min(100, value);
}

type Described = Omit<Entry, keyof Rates | 'pressures' | 'containers'>;

function describe(seen: Seen, time: number): Described {
  const { id, path, status, pid, command, labels = {}, createdAt, stats, supervised } = seen;
  const ageMs = createdAt === undefined ? NaN : time - Date.parse(createdAt);
  return {
    id,
    path,
    status,
    command,
    labels,
    ...describeMemory(seen),
    processes: stats?.processes ?? 0,
    oomKills: stats?.oomKills ?? 0,
    ...without({
      pid,
      ageMs: Number.isNaN(ageMs) ? undefined : Math.max(0, ageMs),
      pids: stats?.pids,
      pidsMax: stats?.pidsMax,
      restarts: supervised?.restarts,
      health: supervised?.health,
    }),
  };
}

function describeMemory({
  stats,
  estimatedMemoryBytes,
}: Seen): Pick<Entry, 'memoryBytes' | 'memoryEstimated' | 'memoryMaxBytes'> {
  const memoryBytes = stats?.memoryBytes ?? estimatedMemoryBytes;
  return {
    memoryEstimated: stats?.memoryBytes === undefined && memoryBytes !== undefined,
    ...without({ memoryBytes, memoryMaxBytes: stats?.memoryMaxBytes }),
  };
}

type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function without<T extends object>(values: T): Known<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<T>;
}
