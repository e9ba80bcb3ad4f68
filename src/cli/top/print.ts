import { formatAge } from '../../util/duration.js';
import { outputWidth } from '../print.js';
import { STATUS_STYLES } from '../status.js';
import { painter } from '../style.js';
import { type Column, formatTable } from '../table.js';
import { formatIo, formatMemory, formatPercent, formatPids } from './model/cells.js';
import { type Row, listRows } from './model/rows.js';
import type { Entry } from './model/types.js';
import { quoteCommand } from '../quote.js';

/** The table of `corral top --once`. */
const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: ({ branches, entry }) => branches + entry.id, min: 12 },
  {
    title: 'STATUS',
    cell: ({ entry }) => entry.status,
    style: ({ entry }) => (STATUS_STYLES as Partial<Record<string, (typeof STATUS_STYLES)['running']>>)[entry.status],
    optional: true,
  },
  { title: 'CPU %', align: 'right', cell: ({ entry }) => formatPercent(entry.cpuPercent) },
  { title: 'MEMORY/LIMIT', align: 'right', cell: ({ entry }) => formatMemory(entry) },
  { title: 'PIDS', align: 'right', cell: ({ entry }) => formatPids(entry) },
  { title: 'STALLED %', align: 'right', cell: ({ entry }) => formatPercent(entry.pressurePercent), optional: true },
  { title: 'OOM', align: 'right', cell: ({ entry }) => String(entry.oomKills), optional: true },
  { title: 'RESTARTS', align: 'right', cell: ({ entry }) => String(entry.restarts ?? '-'), optional: true },
  { title: 'HEALTH', cell: ({ entry }) => entry.health ?? '-', optional: true },
  { title: 'AGE', align: 'right', cell: formatRowAge, optional: true },
  { title: 'READ/WRITE', align: 'right', cell: ({ entry }) => formatIo(entry), optional: true },
  { title: 'COMMAND', cell: ({ entry }) => quoteCommand(entry.command), min: 12 },
];

function formatRowAge({ entry }: Row): string {
  return entry.ageMs === undefined ? '-' : formatAge(entry.ageMs);
}

/** Returns containers as a table, those that use most CPU time first. */
export function formatEntries(entries: readonly Entry[]): Promise<string> {
  const rows = listRows(entries, { sort: 'cpu', reversed: false, filter: '', folded: new Set() });
  return formatTable(rows, COLUMNS, { width: outputWidth(), paint: painter(1) });
}

/** Returns containers as plain data: one object each, with units in the names, those inside it below `containers`. */
export function entriesToJson(entries: readonly Entry[]): readonly object[] {
  return entries.map(({ pressures: _, containers, ...entry }) => ({ ...entry, containers: entriesToJson(containers) }));
}
