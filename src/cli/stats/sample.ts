import type { Containers } from '../../container/containers.js';
import type { ContainerInfo } from '../../container/info.js';
import type { SupervisedStatus } from '../../supervisor/types.js';
import { NotFoundError } from '../../errors/state-errors.js';
import { now } from '../../util/now.js';

/** What one container had used at one moment. */
export interface Used extends Pick<ContainerInfo, 'id' | 'createdAt' | 'stats'> {
  readonly status: ContainerInfo['status'] | SupervisedStatus;
}

/** What containers had used at one moment. */
export interface Sample {
  /** {@link now} then. */
  readonly at: number;
  readonly containers: readonly Used[];
}

/** Where samples come from, and how often. */
export interface Source {
  readonly look: () => Promise<Sample>;
  /** Nothing will be seen any more. */
  readonly isOver: (sample: Sample) => boolean;
  readonly intervalMs: number;
}

/** What one container uses. */
export interface Use extends Omit<Used, 'createdAt'> {
  /** 100: all of one CPU's time between two looks; absent until there are two. */
  readonly cpuPercent?: number;
}

/** Containers to look at. */
export interface Looked {
  readonly running: Pick<Containers, 'list' | 'get'>;
  /** Those that run and are not among these. */
  outOfSight(): Promise<readonly Used[]>;
}

/**
 * Looks at containers.
 *
 * @param names - which; all of them when there are none
 * @returns what they use; those that have ended meanwhile are not there
 */
export async function takeSample(from: Looked, names: readonly string[]): Promise<Sample> {
  const { running } = from;
  const found = names.length === 0 ? running.list() : names.flatMap((name) => getIfThere(running, name));
  const others = (await from.outOfSight()).filter(({ id }) => names.length === 0 || names.includes(id));
  return { at: now(), containers: [...found, ...others] };
}

function getIfThere(containers: Looked['running'], name: string): readonly ContainerInfo[] {
  try {
    return [containers.get(name)];
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}

/** Returns what each container uses, by what it has used between two looks. */
export function compareSamples(current: Sample, before: Sample | undefined): readonly Use[] {
  return current.containers.map(({ id, status, stats, createdAt }) => {
    // The same name is not the same container.
    const earlier = before?.containers.find((other) => other.id === id && other.createdAt === createdAt);
    const cpuPercent = percentOf(stats.cpuMs, earlier?.stats.cpuMs, current.at - (before?.at ?? current.at));
    return { id, status, ...(cpuPercent === undefined ? {} : { cpuPercent }), stats };
  });
}

function percentOf(cpuMs: number | undefined, before: number | undefined, elapsedMs: number): number | undefined {
  if (cpuMs === undefined || before === undefined || elapsedMs <= 0) return undefined;
  // Whole hundredths: the rest is noise.
  return Math.max(0, Math.round((10_000 * (cpuMs - before)) / elapsedMs) / 100);
}

/** Returns a use as plain data: one object, with units in the names. */
export function useToJson({ stats, ...use }: Use): object {
  return { ...use, ...stats };
}
