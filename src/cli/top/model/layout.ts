import * as cells from './cells.js';
import type { Row } from './rows.js';
import { type Ruler, type Segment, fit } from './segments.js';

/** One column of the list. */
interface Column {
  readonly title: string;
  readonly cell: (row: Row, width: number) => readonly Segment[];
  readonly align?: 'right';
  /** Columns that it takes at least. */
  readonly min: number;
  /** What it grows to, where there is room; absent: it does not. */
  readonly max?: number;
  /** What it gets before others grow. */
  readonly enough?: number;
  /** Where the line is too short, the column of the highest rank is left out first. */
  readonly rank: number;
  /** It is left out, too, where none of the lines has anything to say there. */
  readonly isWanted?: (rows: readonly Row[]) => boolean;
}

const some =
  (test: (row: Row) => boolean) =>
  (rows: readonly Row[]): boolean =>
    rows.some(test);

/** Their widths are the same whatever the figures are: nothing jumps to and fro. */
const COLUMNS: readonly Column[] = [
  { title: 'NAME', cell: cells.name, min: 12, max: 40, rank: 0 },
  { title: 'STATUS', cell: cells.status, min: 9, rank: 6 },
  { title: 'CPU %', cell: cells.cpu, align: 'right', min: 6, rank: 1 },
  { title: 'MEMORY/LIMIT', cell: cells.memory, min: 19, rank: 2 },
  { title: 'PIDS', cell: cells.pids, align: 'right', min: 9, rank: 3 },
  { title: 'PRESSURE', cell: cells.pressure, min: 8, max: 30, rank: 7 },
  {
    title: 'MARKS',
    cell: cells.marks,
    min: 9,
    rank: 4,
    isWanted: some(({ entry }) => entry.oomKills > 0 || (entry.restarts ?? 0) > 0),
  },
  { title: 'HEALTH', cell: cells.health, min: 9, rank: 5, isWanted: some(({ entry }) => entry.health !== undefined) },
  { title: 'AGE', cell: cells.age, align: 'right', min: 4, rank: 9 },
  {
    title: 'READ/WRITE',
    cell: cells.io,
    align: 'right',
    min: 13,
    rank: 10,
    isWanted: some(({ entry }) => entry.readRate !== undefined),
  },
  { title: 'COMMAND', cell: cells.command, min: 8, enough: 24, max: Infinity, rank: 8 },
];

const GAP: Segment = { text: ' ' };

/** A column as wide as there is room for it. */
interface Placed extends Column {
  readonly width: number;
}

/** Chooses the columns of a list for a terminal of so many columns. */
export function placeColumns(rows: readonly Row[], width: number, ruler: Ruler): readonly Placed[] {
  const wanted = COLUMNS.filter(({ isWanted }) => isWanted?.(rows) ?? true);
  const kept = dropUntilFit(wanted, width);
  const longest = rows.reduce((most, row) => Math.max(most, textWidth(cells.name(row, 0), ruler)), 0);
  let rest = width - totalWidth(kept.map(({ min }) => min));
  const grow = (columns: readonly Placed[], limitOf: (column: Column) => number): readonly Placed[] =>
    columns.map((column) => {
      const extra = Math.max(0, Math.min(rest, limitOf(column) - column.width));
      rest -= extra;
      return { ...column, width: column.width + extra };
    });
  const least = kept.map((column) => ({ ...column, width: Math.min(width, column.min) }));
  // The names first, as far as they need it, and enough of the commands; then the past; the rest is for the commands.
  const enough = grow(least, ({ rank, max = 0, enough = 0 }) => (rank === 0 ? Math.min(max, longest) : enough));
  return grow(enough, ({ rank, max = 0 }) => (rank === 0 ? 0 : max));
}

function dropUntilFit(columns: readonly Column[], width: number): readonly Column[] {
  if (columns.length <= 1 || totalWidth(columns.map(({ min }) => min)) <= width) return columns;
  const last = columns.reduce((worst, column) => (column.rank > worst.rank ? column : worst));
  return dropUntilFit(
    columns.filter((column) => column !== last),
    width,
  );
}

function totalWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, widths.length - 1);
}

function textWidth(segments: readonly Segment[], ruler: Ruler): number {
  return segments.reduce((sum, { text }) => sum + ruler.width(text), 0);
}

/** Returns the line of titles. */
export function titleLine(columns: readonly Placed[], ruler: Ruler): readonly Segment[] {
  return joinCells(columns.map(({ title, width, align }) => fit([{ text: title, tone: 'bold' }], width, ruler, align)));
}

/** Returns the line of a container. */
export function rowLine(row: Row, columns: readonly Placed[], ruler: Ruler): readonly Segment[] {
  return joinCells(columns.map(({ cell, width, align }) => fit(cell(row, width), width, ruler, align)));
}

function joinCells(line: readonly (readonly Segment[])[]): readonly Segment[] {
  return line.flatMap((segments, index) => (index === 0 ? segments : [GAP, ...segments]));
}
