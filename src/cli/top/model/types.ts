/** What was measured of one container: as the library's `Stats` has it, in units of their names. */
export interface SeenStats {
  readonly processes: number;
  readonly cpuMs?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly memoryMaxBytes?: number | undefined;
  readonly pids?: number | undefined;
  readonly pidsMax?: number | undefined;
  readonly oomKills?: number | undefined;
  readonly io?: { readonly readBytes: number; readonly writeBytes: number } | undefined;
  readonly pressure: Readonly<Partial<Record<Resource, { readonly someMs: number } | undefined>>>;
}

/** What tasks stall for. */
export type Resource = 'cpu' | 'memory' | 'io';

/** A container as one look finds it. A `ContainerTree` of the library is one. */
export interface Seen {
  readonly id: string;
  /** `outer/inner`; what tells it from all others of the same look. */
  readonly path: string;
  readonly status: string;
  readonly pid?: number;
  readonly command: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt?: string;
  /** Absent of one that does not run. */
  readonly stats?: SeenStats;
  /** Bytes, where `stats` cannot tell. */
  readonly estimatedMemoryBytes?: number;
  /** What a supervisor knows of it. */
  readonly supervised?: { readonly restarts: number; readonly health?: string };
  /** Those right inside it. */
  readonly containers: readonly Seen[];
}

/** What was seen at one moment. */
export interface Look {
  /** Milliseconds since some moment: for differences. */
  readonly at: number;
  /** Milliseconds since 1970: for ages. */
  readonly time: number;
  readonly containers: readonly Seen[];
}

/** What is shown of a container. What cannot be told is absent. */
export interface Entry {
  readonly id: string;
  readonly path: string;
  readonly status: string;
  readonly pid?: number;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ageMs?: number;
  /** 100: all of one CPU's time between two looks. */
  readonly cpuPercent?: number;
  readonly memoryBytes?: number;
  /** `memoryBytes` is an estimate: no cgroup counts it. */
  readonly memoryEstimated: boolean;
  readonly memoryMaxBytes?: number;
  readonly processes: number;
  readonly pids?: number;
  readonly pidsMax?: number;
  /** Bytes a second. */
  readonly readRate?: number;
  readonly writeRate?: number;
  /** The larger one of cpu and memory: percent of the time between two looks in which at least one task stalled. */
  readonly pressurePercent?: number;
  /** The same of the last looks, the latest last; at most {@link SPARKS}. */
  readonly pressures: readonly number[];
  readonly oomKills: number;
  /** Absent without a supervisor. */
  readonly restarts?: number;
  readonly health?: string;
  readonly containers: readonly Entry[];
}

/** How many looks back the pressure is shown. */
export const SPARKS = 30;
