import type { Containers } from '../../container/containers.js';
import type { ContainerInfo } from '../../container/info.js';
import { NotFoundError } from '../../errors/state-errors.js';
import { now } from '../../util/now.js';

/** What containers had used at one moment. */
export interface Sample {
  /** {@link now} then. */
  readonly at: number;
  readonly containers: readonly ContainerInfo[];
}

/** Where samples come from, and how often. */
export interface Source {
  readonly look: () => Sample;
  /** Nothing will be seen any more. */
  readonly isOver: (sample: Sample) => boolean;
  readonly intervalMs: number;
}

/** What one container uses. */
export interface Use extends Pick<ContainerInfo, 'id' | 'status' | 'stats'> {
  /** 100: all of one CPU's time between two looks; absent until there are two. */
  readonly cpuPercent?: number;
}

/**
 * Looks at containers.
 *
 * @param names - which; all of them when there are none
 * @returns what they use; those that have ended meanwhile are not there
 */
export function takeSample(containers: Containers, names: readonly string[]): Sample {
  const found = names.length === 0 ? containers.list() : names.flatMap((name) => getIfThere(containers, name));
  return { at: now(), containers: found };
}

function getIfThere(containers: Containers, name: string): readonly ContainerInfo[] {
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
