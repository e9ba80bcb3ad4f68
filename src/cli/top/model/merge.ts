import type { Seen } from './types.js';

/** What a supervisor tells of one of its containers: a `SupervisedInfo` is one. */
export interface Told {
  readonly id: string;
  readonly status: string;
  readonly pid?: number;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly restarts: number;
  readonly health?: string;
}

/**
 * Adds what a supervisor tells to what was seen. Those that do not run are there, too, without figures.
 *
 * @param names - which are shown; all of them when there are none
 */
export function mergeTold(seen: readonly Seen[], told: readonly Told[], names: readonly string[]): readonly Seen[] {
  const byName = new Map(told.map((one) => [one.id, one]));
  const running = seen.map((container): Seen => {
    const one = container.path === container.id ? byName.get(container.id) : undefined;
    return one === undefined ? container : { ...container, status: one.status, supervised: supervisedOf(one) };
  });
  const shown = new Set(seen.map(({ path }) => path));
  const others = told.filter(({ id }) => !shown.has(id) && (names.length === 0 || names.includes(id)));
  return [...running, ...others.map(fromTold)];
}

function fromTold(one: Told): Seen {
  const { id, status, command, labels, createdAt } = one;
  return { id, path: id, status, command, labels, createdAt, supervised: supervisedOf(one), containers: [] };
}

function supervisedOf({ restarts, health }: Told): NonNullable<Seen['supervised']> {
  return { restarts, ...(health === undefined ? {} : { health }) };
}
