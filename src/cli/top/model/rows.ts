import type { Entry } from './types.js';

/** What containers may be ordered by. */
export type SortKey = 'cpu' | 'memory' | 'pids' | 'name' | 'pressure';

/** All of them, in the order in which one key leads through them. */
export const SORT_KEYS: readonly SortKey[] = ['cpu', 'memory', 'pids', 'pressure', 'name'];

/** Which containers are shown, and in which order. */
export interface Selection {
  readonly sort: SortKey;
  readonly reversed: boolean;
  /** Only those whose path or labels (`KEY=VALUE`) hold this text, and those around them. Empty: all. */
  readonly filter: string;
  /** Paths of those whose inside is not shown. */
  readonly folded: ReadonlySet<string>;
  /** Those that have ended, and that the supervisor keeps, are not shown. @default false */
  readonly hidesEnded?: boolean;
}

const ENDED: readonly string[] = ['exited', 'created'];

/** Returns those that are to be shown, whatever the filter is. */
export function selectShown(
  entries: readonly Entry[],
  { hidesEnded = false }: Pick<Selection, 'hidesEnded'>,
): readonly Entry[] {
  return hidesEnded ? entries.filter(({ status }) => !ENDED.includes(status)) : entries;
}

/** One line of the list. */
export interface Row {
  readonly entry: Entry;
  /** What stands before its name: `├─ `. */
  readonly branches: string;
  /** It holds others that are not shown. */
  readonly folded: boolean;
  /** It is there only because it holds some that fit the filter. */
  readonly around: boolean;
}

/** Returns the lines of the list: siblings in order, each container before those that it holds. */
export function listRows(entries: readonly Entry[], selection: Selection): readonly Row[] {
  const compare = comparator(selection);
  const needle = selection.filter.toLowerCase();
  const list = (siblings: readonly Entry[], before: string | undefined): readonly Row[] => {
    const shown = [...siblings].sort(compare).filter((entry) => holds(entry, needle));
    return shown.flatMap((entry, index) => {
      const isLast = index === shown.length - 1;
      // What is sought is shown, wherever it is.
      const folded = needle === '' && selection.folded.has(entry.path) && entry.containers.length > 0;
      const row = { entry, branches: branch(before, isLast), folded, around: !fits(entry, needle) };
      return folded ? [row] : [row, ...list(entry.containers, indent(before, isLast))];
    });
  };
  return list(selectShown(entries, selection), undefined);
}

function branch(before: string | undefined, isLast: boolean): string {
  return before === undefined ? '' : `${before}${isLast ? '└─ ' : '├─ '}`;
}

function indent(before: string | undefined, isLast: boolean): string {
  return before === undefined ? '' : `${before}${isLast ? '   ' : '│  '}`;
}

/** Counts containers, those inside others included. */
export function countEntries(entries: readonly Entry[]): number {
  return entries.reduce((sum, { containers }) => sum + 1 + countEntries(containers), 0);
}

/** Returns the entry of a path. */
export function findEntry(entries: readonly Entry[], path: string): Entry | undefined {
  for (const entry of entries) {
    if (entry.path === path) return entry;
    if (path.startsWith(`${entry.path}/`)) return findEntry(entry.containers, path);
  }
  return undefined;
}

function holds(entry: Entry, needle: string): boolean {
  return fits(entry, needle) || entry.containers.some((inner) => holds(inner, needle));
}

function fits({ path, labels }: Entry, needle: string): boolean {
  const texts = [path, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
  return needle === '' || texts.some((text) => text.toLowerCase().includes(needle));
}

const FIGURES: Readonly<Record<Exclude<SortKey, 'name'>, (entry: Entry) => number | undefined>> = {
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ memoryBytes }) => memoryBytes,
  pids: ({ pids, processes }) => pids ?? processes,
  pressure: ({ pressurePercent }) => pressurePercent,
};

// The largest first, names from A on, and what cannot be told last; equals stay where they are by their names.
function comparator({ sort, reversed }: Selection): (a: Entry, b: Entry) => number {
  const sign = reversed ? -1 : 1;
  const byName = (a: Entry, b: Entry): number => (a.id < b.id ? -1 : 1);
  if (sort === 'name') return (a, b) => sign * byName(a, b);
  const figure = (entry: Entry): number => FIGURES[sort](entry) ?? -1;
  return (a, b) => sign * (figure(b) - figure(a)) || byName(a, b);
}
