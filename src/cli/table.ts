import type { Paint, Style } from './style.js';
import { type Ruler, selectRuler } from './width.js';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** What is written there, without anything that a terminal acts on. */
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  readonly style?: (row: Row) => Style | undefined;
  /** Where the line is too short, cells are cut down to this many columns of the terminal, those on the right first. */
  readonly min?: number;
  /** Where that is not enough, it is left out, the one on the right first. */
  readonly optional?: true;
}

/** Where a table is shown. */
export interface TableLook {
  /** Columns of the terminal; Infinity where there is none. */
  readonly width: number;
  readonly paint: Paint;
}

const GAP = 2;

/**
 * Returns rows as aligned text under their titles, each line with its newline. No line is longer than `width`: cells that may
 * be cut are, columns that may be left out are, and if all that is not enough, the line is cut.
 */
export async function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: TableLook,
): Promise<string> {
  const all = columns.map((column) => ({ column, cells: rows.map(column.cell) }));
  const ruler = await selectRuler(all.flatMap(({ cells }) => cells));
  const fitted = fitColumns(
    all.map((part) => ({ ...part, width: widest([part.column.title, ...part.cells], ruler) })),
    width,
  );
  const header = formatLine(
    fitted.map((part) => ({ ...part, text: part.column.title, style: 'bold' })),
    { width, paint, ruler },
  );
  const lines = rows.map((row, index) =>
    formatLine(
      fitted.map((part) => ({ ...part, text: part.cells[index] ?? '', style: part.column.style?.(row) })),
      { width, paint, ruler },
    ),
  );
  return [header, ...lines].map((line) => `${line}\n`).join('');
}

interface Part<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

function widest(texts: readonly string[], ruler: Ruler): number {
  return texts.reduce((most, text) => Math.max(most, ruler.width(text)), 0);
}

function fitColumns<Row>(parts: readonly Part<Row>[], room: number): readonly Part<Row>[] {
  const shrunk = shrinkColumns(parts, room);
  if (totalWidth(shrunk) <= room) return shrunk;
  const dropped = parts.findLastIndex(({ column }) => column.optional === true);
  return dropped < 0 ? shrunk : fitColumns(parts.toSpliced(dropped, 1), room);
}

function shrinkColumns<Row>(parts: readonly Part<Row>[], room: number): readonly Part<Row>[] {
  let excess = totalWidth(parts) - room;
  return parts.reduceRight<readonly Part<Row>[]>((right, part) => {
    const width = Math.max(Math.min(part.width, part.column.min ?? part.width), part.width - Math.max(0, excess));
    excess -= part.width - width;
    return [{ ...part, width }, ...right];
  }, []);
}

function totalWidth(parts: readonly { readonly width: number }[]): number {
  return parts.reduce((sum, { width }) => sum + width, GAP * (parts.length - 1));
}

interface Cell<Row> extends Part<Row> {
  readonly text: string;
  readonly style: Style | undefined;
}

// Painted last: what colours a word has no width, and a cut must not go through it.
function formatLine<Row>(
  cells: readonly Cell<Row>[],
  { width, paint, ruler }: TableLook & { readonly ruler: Ruler },
): string {
  let line = '';
  let used = 0;
  cells.forEach(({ text, style, column, width: wanted }, index) => {
    const gap = index === 0 ? 0 : GAP;
    const room = Math.min(wanted, Math.max(0, width - used - gap));
    const shown = ruler.cut(text, room);
    const fill = ' '.repeat(room - ruler.width(shown));
    const painted = style === undefined || shown === '' ? shown : paint(style, shown);
    line += ' '.repeat(gap) + (column.align === 'right' ? fill + painted : painted + fill);
    used += gap + wanted;
  });
  return line.trimEnd();
}
