import type { Seen, SeenStats } from './types.js';

/** What a supervisor tells of one of its containers: a `SupervisedInfo` is one. */
export interface Told {
  readonly id: string;
  readonly status: string;
  readonly pid?: number;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  /** Absent while it does not run. */
  readonly stats?: SeenStats;
  readonly restarts: number;
  readonly health?: string;
}

/**
 * Adds what a supervisor tells to what was seen. Those that were not seen are there, too: they do not run, or run where only the
 * supervisor sees them.
 *
 * @param names - which are shown; all of them when there are none
 */
export function mergeTold(seen: readonly Seen[], told: readonly Told[], names: readonly string[]): readonly Seen[] {
  const byName = new Map(told.map((one) => [one.id, one]));
  const shown = new Set<string>();
  const merge = (container: Seen): Seen => {
    // Of what others have started inside, under whatever name, it is not known when.
    const one = container.createdAt === undefined ? undefined : byName.get(container.id);
    if (one !== undefined) shown.add(one.id);
    const containers = container.containers.map(merge);
    return { ...container, ...(one && { status: one.status, supervised: supervisedOf(one) }), containers };
  };
  const running = seen.map(merge);
  const others = told.filter(({ id }) => !shown.has(id) && (names.length === 0 || names.includes(id)));
  return [...running, ...others.map(fromTold)];
}

function fromTold(one: Told): Seen {
  const { id, status, pid, command, labels, createdAt, stats } = one;
  return {
    ...{ id, path: id, status, command, labels, createdAt, supervised: supervisedOf(one), containers: [] },
    ...(pid === undefined ? {} : { pid }),
    ...(stats === undefined ? {} : { stats }),
  };
}

/** Returns the names of those of a supervisor's, by the path at which they are shown. */
export function listSupervised(containers: readonly Seen[]): ReadonlyMap<string, string> {
  const found = containers.flatMap(({ id, path, supervised, containers: inner }): (readonly [string, string])[] => [
    ...(supervised === undefined ? [] : [[path, id] as const]),
    ...listSupervised(inner),
  ]);
  return new Map(found);
}

function supervisedOf({ restarts, health }: Told): NonNullable<Seen['supervised']> {
  return { restarts, ...(health === undefined ? {} : { health }) };
}
